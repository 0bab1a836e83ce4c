"""CUDA code, run on the CPU (cuda_on_cpu/): the same trajectories as the NumPy target, to rounding."""

import shutil
import subprocess

import cuda_on_cpu
import numpy as np
import pytest
from networks import parameters_of, presentations_of, small_model

from dendrosim.circuit import Circuit, build, cuda
from dendrosim.circuit.target import find_target
from dendrosim.errors import NotConverged, TargetError
from dendrosim.recording import Record

EVERYTHING = Record(("basal", "apical", "soma", "drive", "prediction", "delta", "feedback", "error"), interval=2.0)
CLAMPED = {"kind": "clamped"}


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
    return circuit, circuit.relax(stimuli, targets, record=EVERYTHING, start=start, tolerance=1e-5)


def model_of(output="softmax", teacher=None):
    # 26 and 17 cells: more than one tile, and not a multiple of one.
    return small_model((17, 9, 26, 3), output=output, teacher=teacher or CLAMPED, cell={"tau_apical": 5.0})


def check_against_numpy(model, presentations):
    for start in ("rest", "settled"):
        circuit, ours = relaxed(model, "cuda_standalone", presentations, start)
        reference, wanted = relaxed(model, "numpy", presentations, start)
        for name in EVERYTHING.variables:
            np.testing.assert_allclose(ours.dataset[name], wanted.dataset[name], rtol=0, atol=1e-12)
        np.testing.assert_array_equal(ours.convergence_time, wanted.convergence_time)
        np.testing.assert_allclose(ours.dataset["motion"], wanted.dataset["motion"], rtol=0, atol=1e-12)
        for layer, variables in reference.state.items():
            for name, value in variables.items():
                np.testing.assert_allclose(circuit.state[layer][name], value, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("output", "teacher", "presentations"),
    [("softmax", CLAMPED, 5), ("identity", {"kind": "nudged", "strength": 0.3}, 1)],
)
def test_cuda_follows_the_same_trajectory_as_numpy_and_stops_with_it(on_cpu, output, teacher, presentations):
    check_against_numpy(model_of(output, teacher), presentations)


def test_cuda_in_float32_follows_float64_to_its_own_rounding(on_cpu):
    _, ours = relaxed(model_of(), "cuda_standalone", 5, "settled", dtype="float32")
    _, wanted = relaxed(model_of(), "numpy", 5, "settled")
    assert ours.converged
    samples = min(len(ours.dataset.time), len(wanted.dataset.time)) - 1
    for name in EVERYTHING.variables:
        difference = ours.dataset[name][:, :samples].values - wanted.dataset[name][:, :samples].values
        assert np.nanmax(np.abs(difference)) < 50 * np.finfo(np.float32).eps


def test_nan_never_counts_as_converged_on_cuda(on_cpu):
    circuit = Circuit(model_of(), parameters_of(model_of(), 2), "cuda_standalone", dt=1.0)
    circuit.parameters.W["hidden-2"][25, 8] = np.nan
    with pytest.warns(NotConverged, match="5 of 5 presentations"):
        circuit.relax(*presentations_of(model_of(), 5, 2), record=EVERYTHING, time_limit=30.0)


def test_without_a_gpu_one_sentence_says_so_and_nothing_is_compiled(monkeypatch):
    monkeypatch.setattr(cuda, "capability", lambda: None)
    monkeypatch.setattr(build, "compile_project", lambda folder: pytest.fail("compiled for nothing"))
    circuit = Circuit(model_of(), parameters_of(model_of(), 2), "cuda_standalone")
    with pytest.raises(TargetError, match=r"can be built but not run here, because no NVIDIA GPU answers: run it"):
        circuit.relax(*presentations_of(model_of(), 1, 2))


@pytest.mark.skipif(shutil.which("nvcc") is None, reason="nvcc is not on the path")
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_nvcc_compiles_our_kernels_for_two_generations_of_gpus(tmp_path, dtype):
    circuit = Circuit(model_of(), parameters_of(model_of(), 2), "cuda_standalone", dtype=dtype)
    folder = circuit.build(5, tmp_path / "project", compiled=False)
    kernels = []
    for number, operation in enumerate(("*_apply_*", "*_adjoint_*", "*_softmax_*", "convergence_*")):
        code = sorted((folder / "code_objects").glob(f"{operation}.cu"))[0].read_text()
        # Ours stand alone between these two lines of Brian2CUDA's frame.
        ours = code.split("////// hashdefine_lines ///////")[1].split("void _run_")[0]
        assert "__global__" in ours
        kernels.append(f"namespace operation_{number} {{\n{ours}\n}}")
    source = tmp_path / "kernels.cu"
    source.write_text("\n".join(["#define CUDA_CHECK_ERROR(message)", *kernels]))
    generations = [f"-gencode=arch=compute_{name},code=sm_{name}" for name in ("80", "90")]
    command = ["nvcc", "-std=c++17", "-dc", *generations, source, "-o", tmp_path / "kernels.o"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("nvcc") is None, reason="nvcc is not on the path")
def test_nvcc_builds_a_whole_network(tmp_path):
    model = small_model((4, 3, 2))
    folder = Circuit(model, parameters_of(model, 2), "cuda_standalone").build(3, tmp_path)
    assert (folder / "main").stat().st_size > 100_000


@pytest.mark.gpu
@pytest.mark.skipif(cuda.capability() is None, reason="no NVIDIA GPU answers")
def test_a_real_gpu_follows_numpy_too():
    check_against_numpy(model_of(), 5)
