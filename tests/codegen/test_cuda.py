"""CUDA code, run on the CPU (cuda_on_cpu/): the same trajectories as the NumPy target, to rounding."""

import shutil
import subprocess
from pathlib import Path

import cuda_on_cpu
import numpy as np
import pytest
from networks import convolution, dense, feedback, model_of, parameters_of, presentations_of
from spiking_cells import unheard

import dendrosim as ds
from dendrosim.circuit import Circuit, build, cuda
from dendrosim.circuit.learning import LearningAssembly
from dendrosim.circuit.simulation import simulate
from dendrosim.circuit.target import find_target
from dendrosim.errors import CircuitError, TargetError
from dendrosim.recording import Record

OPERATIONS = [
    template.stem
    for template in (Path(build.__file__).parent / "templates" / "cuda").glob("*.cu")
    if "USES_VARIABLES" in template.read_text() and template.stem != "statemonitor"
]
EVERYTHING = Record(("basal", "apical", "soma", "drive", "prediction", "delta", "feedback", "error"), interval=2.0)

# Cells are left over beyond both pools; 17 units are more than one tile of a product, and not a multiple of one.
CONVOLUTIONAL = model_of(
    [2, 8, 11],
    [
        convolution(2, 2),
        {"kind": "max-pool", "size": 2},
        convolution(3, 3, 1),
        {"kind": "average-pool", "size": 2},
        {"kind": "branches", "layers": [convolution(2, 1), convolution(1, [1, 2])]},
        dense(3),
    ],
    cell={"tau_apical": 5.0},
)
RECURRENT = model_of(
    [3, 2],
    [{"kind": "recurrent", "units": 17}, {"kind": "recurrent", "units": 4}, dense(2)],
    output="identity",
    teacher={"kind": "nudged", "strength": 0.3},
    cell={"tau_apical": 5.0},
)
CONDUCTANCE = model_of(
    [3],
    [dense(5), dense(2)],
    output="identity",
    teacher={"kind": "nudged", "strength": 0.3},
    cell={"kind": "conductance", "coupling": "two-way"},
)
ds.register_activation("softsign", ds.Activation("z/(1 + abs(z))", slope="(1 - abs(u))**2"))
OWN = CONDUCTANCE.changed(activation="softsign", cell={"kind": "rate"})
SOFTPLUS = OWN.changed(activation="softplus")
NOISY = CONDUCTANCE.changed(cell={"noise": 1.0})
BURSTING = model_of([3], [dense(5), dense(2)], cell={"kind": "bursting"})
ACTIVE = model_of([3], [dense(5), dense(2)], cell={"kind": "active"})


def reason_not_to_compile():
    try:
        find_target("cuda_standalone")
    except TargetError as error:
        return str(error)
    return ""


pytestmark = pytest.mark.skipif(bool(reason_not_to_compile()), reason=reason_not_to_compile())


@pytest.fixture(scope="module")
def builds_on_cpu(tmp_path_factory):
    return tmp_path_factory.mktemp("builds-on-cpu")


@pytest.fixture
def on_cpu(monkeypatch, builds_on_cpu):
    """Generated CUDA code is compiled for the CPU, in a cache of its own, and a GPU seems to be there."""
    monkeypatch.setenv("DENDROSIM_CACHE", str(builds_on_cpu))
    monkeypatch.setattr(build, "compile_project", cuda_on_cpu.compile_project)
    monkeypatch.setattr(cuda, "capability", lambda: 8.0)


def relaxed(model, target, presentations, start, **settings):
    circuit = Circuit(model, parameters_of(model, 2), target=target, dt=1.0, **settings)
    stimuli, targets = presentations_of(model, presentations, 2)
    return circuit, circuit.relax(stimuli, targets, record=EVERYTHING, start=start, tolerance=1e-5, time_limit=400.0)


def check_against_numpy(model, presentations):
    for start in ("rest", "settled"):
        circuit, ours = relaxed(model, "cuda_standalone", presentations, start)
        reference, wanted = relaxed(model, "numpy", presentations, start)
        for name in EVERYTHING.variables:
            np.testing.assert_allclose(ours.dataset[name], wanted.dataset[name], rtol=0, atol=1e-12)
        np.testing.assert_array_equal(ours.convergence_time, wanted.convergence_time)
        np.testing.assert_allclose(ours.dataset["residual"], wanted.dataset["residual"], rtol=0, atol=1e-12)
        for layer, variables in reference.state.items():
            for name, value in variables.items():
                np.testing.assert_allclose(circuit.state[layer][name], value, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("model", "presentations"),
    [
        (RECURRENT, 2),
        *(pytest.param(model, 2, marks=pytest.mark.slow) for model in (CONVOLUTIONAL, NOISY, OWN, SOFTPLUS)),
    ],
)
def test_cuda_follows_the_same_trajectory_as_numpy_and_stops_with_it(on_cpu, model, presentations):
    check_against_numpy(model, presentations)


def check_float32_against_numpy():
    _, ours = relaxed(CONVOLUTIONAL, "cuda_standalone", 3, "settled", dtype="float32")
    _, wanted = relaxed(CONVOLUTIONAL, "numpy", 3, "settled")
    assert ours.converged
    samples = min(len(ours.dataset.time), len(wanted.dataset.time)) - 1
    for name in EVERYTHING.variables:
        difference = ours.dataset[name][:, :samples].values - wanted.dataset[name][:, :samples].values
        assert np.nanmax(np.abs(difference)) < 50 * np.finfo(np.float32).eps


@pytest.mark.slow
def test_cuda_in_float32_follows_float64_to_its_own_rounding(on_cpu):
    check_float32_against_numpy()


def check_learning_against_numpy(model, rule, mode):
    plasticity = {"streams": 2, "mode": mode, "presentation_time": 10.0, "epochs": 2, "decay": 0.1}
    model = model.changed(plasticity=plasticity, rules=feedback(rule))
    parameters, (stimuli, targets) = parameters_of(model, 5), presentations_of(model, 4, 5)
    ours, wanted = (
        Circuit(model, parameters, target, dt=1.0).learn(stimuli, targets) for target in ("cuda_standalone", "numpy")
    )
    for name, array in wanted.parameters.items():
        np.testing.assert_allclose(dict(ours.parameters.items())[name], array, rtol=0, atol=1e-12)
        assert np.abs(array - dict(parameters.items())[name]).max() > 0
    np.testing.assert_array_equal(ours.history["presentation_ms"], wanted.history["presentation_ms"])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("model", "rule", "mode"),
    [
        (CONVOLUTIONAL, "released", "continuous"),
        (RECURRENT, "kolen-pollack", "at-convergence"),
        (CONVOLUTIONAL.changed(cell={"noise": 0.1}), "mirror", "continuous"),
        (RECURRENT.changed(cell={"noise": 0.1}), "mirror", "continuous"),
        pytest.param(CONVOLUTIONAL, "paper", "at-convergence", marks=pytest.mark.slow),
        pytest.param(RECURRENT, "kolen-pollack", "continuous", marks=pytest.mark.slow),
    ],
)
def test_cuda_learns_the_same_weights_as_numpy(on_cpu, model, rule, mode):
    check_learning_against_numpy(model, rule, mode)


@pytest.mark.slow
def test_nan_never_counts_as_converged_on_cuda(on_cpu):
    circuit = Circuit(CONVOLUTIONAL, parameters_of(CONVOLUTIONAL, 2), "cuda_standalone", dt=1.0)
    circuit.parameters.W["hidden-2"][2, 1, 2, 2] = np.nan
    with pytest.raises(CircuitError, match="ran away to nan"):
        circuit.relax(*presentations_of(CONVOLUTIONAL, 3, 2), record=EVERYTHING, time_limit=30.0)


def test_without_a_gpu_one_sentence_says_so_and_nothing_is_compiled(monkeypatch):
    monkeypatch.setattr(cuda, "capability", lambda: None)
    monkeypatch.setattr(build, "compile_project", lambda folder: pytest.fail("compiled for nothing"))
    circuit = Circuit(RECURRENT, parameters_of(RECURRENT, 2), "cuda_standalone")
    with pytest.raises(TargetError, match=r"can be built but not run here, because no NVIDIA GPU answers: run it"):
        circuit.relax(*presentations_of(RECURRENT, 1, 2))


@pytest.mark.slow
def test_cuda_draws_the_same_spikes_as_numpy_and_ends_with_time(on_cpu):
    stimuli, targets = presentations_of(BURSTING, 2, 2)
    record = Record(("singles", "bursts", "error", "burst_trace"), interval=1.0)
    ours, wanted = (
        Circuit(BURSTING, parameters_of(BURSTING, 2), target, dt=1.0).relax(
            stimuli, targets, record=record, time_limit=40.0
        )
        for target in ("cuda_standalone", "numpy")
    )
    for layer in BURSTING.layer_names:
        assert ours.spikes(layer).equals(wanted.spikes(layer))
        assert ours.spikes(layer)["burst"].any()
    ours, wanted = ours.dataset, wanted.dataset
    for name in ("singles", "bursts", "error", "burst_trace"):
        np.testing.assert_allclose(ours[name], wanted[name], rtol=0, atol=1e-10)


@pytest.mark.slow
def test_cuda_simulates_the_same_potentials_that_spike_as_numpy(on_cpu):
    stimuli, targets = presentations_of(ACTIVE, 2, 2)
    record = Record(("V_soma", "V_dendrite", "event_trace", "burst_trace", "returned"), interval=0.5)
    ours, wanted = (
        Circuit(ACTIVE, parameters_of(ACTIVE, 2), target, dt=0.25)
        .relax(stimuli, targets, record=record, time_limit=60.0)
        .dataset
        for target in ("cuda_standalone", "numpy")
    )
    assert wanted["event_trace"].max() > 15  # Hz: there were spikes
    for name in record.variables:
        np.testing.assert_allclose(ours[name], wanted[name], rtol=0, atol=1e-6)


@pytest.mark.slow
def test_cuda_records_the_crossings_of_a_threshold_of_chosen_neurons_as_numpy(on_cpu):
    model, parameters = unheard(3, bias=np.arctanh([0.3, 0.4, 0.5]), kind="leaky")
    record = Record(("basal",), {"hidden-1": (1, 2)})
    ours, wanted = (
        Circuit(model, parameters, target, dt=0.5).relax(np.zeros((2, 1)), record=record, time_limit=60.0)
        for target in ("cuda_standalone", "numpy")
    )
    assert len(wanted.spikes("hidden-1")) > 10
    assert ours.spikes("hidden-1").equals(wanted.spikes("hidden-1"))


NOISE, SPIKES = {"kind": "conductance", "noise": 1.0}, {"kind": "bursting"}


def learning_project(folder, mode, dtype, cell=NOISE, rule="released"):
    """The sources of a circuit with every operation that cells of this kind need."""
    model = CONVOLUTIONAL.changed(plasticity={"streams": 2, "mode": mode}, rules=feedback(rule), cell=cell)
    target = find_target("cuda_standalone", dtype)
    folder.mkdir()
    simulate(lambda: LearningAssembly(model, 4, 2, target, 1.0, "exponential_euler"), target).generate(folder)
    return folder


@pytest.mark.skipif(shutil.which("nvcc") is None, reason="nvcc is not on the path")
@pytest.mark.parametrize(
    ("mode", "dtype", "cell", "rule"),
    [
        ("continuous", "float64", NOISE, "released"),
        ("at-convergence", "float32", NOISE, "released"),
        ("continuous", "float32", NOISE, "mirror"),
        ("continuous", "float32", SPIKES, "released"),
    ],
)
def test_nvcc_compiles_our_kernels_for_two_generations_of_gpus(tmp_path, mode, dtype, cell, rule):
    kernels = {}
    for source in sorted(
        (learning_project(tmp_path / "project", mode, dtype, cell, rule) / "code_objects").glob("*.cu")
    ):
        # Ours stand alone between these two lines of Brian2CUDA's frame; its own kernels are called _run_kernel_*.
        code = source.read_text().split("////// hashdefine_lines ///////")[1].split("void _run_")[0]
        if "__global__" in code and "_run_kernel_" not in code:
            kernels[source.stem] = f"namespace {source.stem} {{\n{code}\n}}"
    absent = {"poisson" if cell is NOISE else "noise", *(["rescale"] if rule == "mirror" else [])}
    for operation in set(OPERATIONS) - absent:
        assert any(f"_{operation}_" in name for name in kernels), operation
    source = tmp_path / "kernels.cu"
    source.write_text("\n".join(["#define CUDA_CHECK_ERROR(message)", *kernels.values()]))
    generations = [f"-gencode=arch=compute_{name},code=sm_{name}" for name in ("80", "90")]
    command = ["nvcc", "-std=c++17", "-dc", *generations, source, "-o", tmp_path / "kernels.o"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("nvcc") is None, reason="nvcc is not on the path")
def test_nvcc_builds_a_whole_network(tmp_path):
    folder = learning_project(tmp_path / "project", "continuous", "float64")
    build.compile_project(folder)
    assert (folder / "main").stat().st_size > 100_000


on_gpu = pytest.mark.skipif(cuda.capability() is None, reason="no NVIDIA GPU answers")


@pytest.mark.gpu
@on_gpu
@pytest.mark.parametrize("model", [CONVOLUTIONAL, RECURRENT, CONDUCTANCE])
def test_a_real_gpu_follows_numpy_too(model):
    check_against_numpy(model, 3)


@pytest.mark.gpu
@on_gpu
def test_a_real_gpu_in_float32_follows_float64_too():
    check_float32_against_numpy()


@pytest.mark.gpu
@on_gpu
@pytest.mark.parametrize(
    ("model", "rule", "mode"),
    [
        (CONVOLUTIONAL, "paper", "continuous"),
        (RECURRENT, "kolen-pollack", "at-convergence"),
        (CONVOLUTIONAL.changed(cell={"noise": 0.1}), "mirror", "continuous"),
    ],
)
def test_a_real_gpu_learns_the_same_weights_too(model, rule, mode):
    check_learning_against_numpy(model, rule, mode)


@pytest.mark.gpu
@on_gpu
def test_a_real_gpu_relaxes_ten_thousand_images_and_says_how_long_it_took(capsys):
    model = model_of([784], [dense(units) for units in (1024, 512, 256, 10)])
    circuit = Circuit(model, parameters_of(model, 0), "cuda_standalone", dt=1.0, batch=1000, dtype="float32")
    recording = circuit.relax(*presentations_of(model, 10_000, 0), record=Record(neurons={}))
    assert recording.converged
    with capsys.disabled():
        print(f"\n10,000 images of {model.architecture} relaxed in {circuit.seconds:.1f} s.")
