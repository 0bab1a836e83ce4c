"""Code generation: the same trajectories on every target, and nothing left behind in Brian2's settings."""

import brian2
import numpy as np
import pytest
from brian2.devices.device import get_device, runtime_device
from networks import model_of, parameters_of, presentations_of, small_model

from dendrosim.circuit import Circuit
from dendrosim.circuit.assembly import Assembly
from dendrosim.circuit.circuit import TOLERANCES
from dendrosim.circuit.learning import LearningAssembly
from dendrosim.circuit.target import active, find_target
from dendrosim.errors import CircuitError, TargetError
from dendrosim.recording import Record

MODEL = small_model((7, 9, 26, 3), cell={"tau_apical": 5.0})
EVERYTHING = Record(("basal", "apical", "soma", "drive", "prediction", "delta", "feedback"), interval=2.0)
# Of a sum of some 30 products of size 1, over a few time constants.
ROUNDING = 50 * np.finfo(np.float32).eps


def trajectories(target, presentations, **settings):
    circuit = Circuit(MODEL, parameters_of(MODEL, 2), target=target, **settings)
    stimuli, targets = presentations_of(MODEL, 5, 2)
    recordings = [
        circuit.relax(stimuli[:presentations], targets[:presentations], record=EVERYTHING, start=start)
        for start in ("rest", "settled")
    ]
    return [recording.dataset[list(EVERYTHING.variables)].to_array().values for recording in recordings]


@pytest.mark.parametrize(
    ("target", "presentations"),
    [
        ("cython", 1),
        pytest.param("cpp_standalone", 5, marks=pytest.mark.slow),
        pytest.param("cython", 5, marks=pytest.mark.slow),
        pytest.param("cpp_standalone", 1, marks=pytest.mark.slow),
    ],
)
def test_every_target_follows_the_same_trajectory_as_numpy(optimised, target, presentations):
    for ours, wanted in zip(trajectories(target, presentations), trajectories("numpy", presentations), strict=True):
        np.testing.assert_allclose(ours, wanted, rtol=0, atol=1e-12)


@pytest.mark.parametrize("target", ["numpy", "cython", pytest.param("cpp_standalone", marks=pytest.mark.slow)])
def test_float32_follows_float64_to_its_own_rounding_and_holds_nothing_wider(optimised, target):
    circuit = Circuit(MODEL, parameters_of(MODEL, 2), target, dtype="float32")
    reference = Circuit(MODEL, parameters_of(MODEL, 2))
    stimuli, targets = presentations_of(MODEL, 5, 2)
    ours = circuit.relax(stimuli, targets, record=EVERYTHING)
    wanted = reference.relax(stimuli, targets, record=EVERYTHING, tolerance=TOLERANCES["float32"])
    assert ours.converged
    samples = min(len(ours.dataset.time), len(wanted.dataset.time)) - 1
    for name in EVERYTHING.variables:
        np.testing.assert_allclose(
            ours.dataset[name][:, :samples], wanted.dataset[name][:, :samples], rtol=0, atol=ROUNDING
        )
    for name, value in circuit.state["hidden-1"].items():
        assert value.dtype == np.float32, name


@pytest.mark.parametrize("target", ["numpy", "cython", pytest.param("cpp_standalone", marks=pytest.mark.slow)])
def test_nan_never_counts_as_converged(optimised, target):
    circuit = Circuit(MODEL, parameters_of(MODEL, 2), target)
    circuit.parameters.W["hidden-2"][25, 8] = np.nan
    with pytest.raises(CircuitError, match="ran away to nan"):
        circuit.relax(*presentations_of(MODEL, 5, 2), record=EVERYTHING, time_limit=30.0)


@pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")
@pytest.mark.parametrize("dtype", ["float64", pytest.param("float32", marks=pytest.mark.slow)])
def test_saturated_cells_are_as_on_numpy(optimised, dtype):
    # exp(-z) overflows, and 1/(1 + exp(-z)) is 0.
    model = small_model((7, 40, 3), activation="sigmoid")
    parameters = parameters_of(model, 2)
    parameters.W["hidden-1"] *= 1e4
    stimuli, targets = presentations_of(model, 5, 2)
    states = []
    for target in ("cpp_standalone", "numpy"):
        circuit = Circuit(model, parameters, target, dtype=dtype)
        circuit.relax(stimuli, targets, tolerance=1e-4)
        states.append(circuit.state["hidden-1"])
    assert states[1]["basal"].min() < 1e-6
    for name in ("basal", "apical", "soma", "prediction", "delta"):
        np.testing.assert_allclose(states[0][name], states[1][name], rtol=0, atol=50 * np.finfo(dtype).eps)


@pytest.mark.parametrize("target", ["numpy", pytest.param("cpp_standalone", marks=pytest.mark.slow)])
def test_softplus_cells_do_not_overflow(target):
    model = small_model((2, 3, 2), activation="softplus", output="identity")
    parameters = parameters_of(model, 0)
    parameters.bias["hidden-1"][:] = -40.0, 0.0, 1000.0
    circuit = Circuit(model, parameters, target, dtype="float32")
    circuit.relax(np.zeros((1, 2)), tolerance=1e-2)
    wanted, hidden = np.logaddexp(parameters.bias["hidden-1"], 0), circuit.state["hidden-1"]
    np.testing.assert_allclose(hidden["basal"][0], wanted, rtol=1e-4, atol=np.finfo(np.float32).eps)
    np.testing.assert_array_equal(np.isfinite(hidden["delta"]), True)


@pytest.mark.slow
def test_two_threads_follow_the_same_trajectory_as_one(optimised):
    for ours, wanted in zip(
        trajectories("cpp_standalone", 5, threads=2), trajectories("cpp_standalone", 5), strict=True
    ):
        np.testing.assert_allclose(ours, wanted, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("target", "threads"), [("cpp_standalone", 0), ("cpp_standalone", -1), ("numpy", 2), ("cython", 2)]
)
def test_threads_that_make_no_sense_are_refused(target, threads):
    with pytest.raises(TargetError, match=rf"'{target}' cannot run with threads={threads}: it takes one"):
        Circuit(MODEL, parameters_of(MODEL, 2), target, threads=threads)


def test_an_unknown_dtype_names_those_there_are():
    with pytest.raises(TargetError, match=r"no dtype 'float16'; choose float64 or float32"):
        Circuit(MODEL, parameters_of(MODEL, 2), dtype="float16")


def driven_once(model, learns=False):
    """The connections whose drive is summed once a run."""
    target = find_target("numpy")
    model = model.changed(plasticity={"streams": 2})
    with active(runtime_device, target.preferences):
        assembly = (
            LearningAssembly(model, 4, 2, target, 1.0, "euler")
            if learns
            else Assembly(model, 2, target, 1.0, "euler", Record(neurons={}))
        )
    runners = {name: projection.contained_objects for name, projection in assembly.feedforward.items()}
    return [name for name in runners if {runner.clock.name for runner in runners[name]} == {"first_step_clock"}]


def test_what_a_stimulus_drives_is_summed_once_only_where_neither_changes():
    assert driven_once(MODEL) == ["hidden-1"]
    assert driven_once(MODEL, learns=True) == []
    recurrent = model_of([3, 2], [{"kind": "recurrent", "units": 4}, {"kind": "dense", "units": 2}])
    assert driven_once(recurrent) == []


@pytest.mark.parametrize("hidden", [1, 3])
def test_a_step_runs_four_code_objects_for_each_hidden_layer_and_four_more_on_one_clock(hidden):
    model = model_of([3], [{"kind": "dense", "units": 4}] * hidden + [{"kind": "dense", "units": 2}], output="softmax")
    circuit = Circuit(model, parameters_of(model, 1))
    circuit.relax(*presentations_of(model, 1, 1), record=Record(neurons={}))
    (simulation,) = circuit._simulations.values()
    ran = [each.clock.name for each in simulation.assembly.network.sorted_objects for _ in each.code_objects]
    # Drive, feedback, evaluation and movement of each; the output has no feedback, but softmax and the end of the run.
    assert ran.count("cell_clock") == 4 * hidden + 4
    assert ran.count("first_step_clock") == 1
    assert len(ran) == 4 * hidden + 5


def test_building_alone_writes_a_project_and_only_a_standalone_target_has_one(tmp_path):
    circuit = Circuit(MODEL, parameters_of(MODEL, 2), "cpp_standalone")
    assert (circuit.build(2, tmp_path / "code", compiled=False) / "makefile").is_file()
    assert not (tmp_path / "code" / "main").exists()
    with pytest.raises(CircuitError, match=r"'numpy' runs from Python and has nothing to build"):
        Circuit(MODEL, parameters_of(MODEL, 2)).build(2, tmp_path)


def test_a_standalone_circuit_is_built_once_and_takes_new_stimuli():
    circuit = Circuit(MODEL, parameters_of(MODEL, 2), target="cpp_standalone")
    reference = Circuit(MODEL, parameters_of(MODEL, 2))
    for seed in (1, 2):
        stimuli, targets = presentations_of(MODEL, 2, seed)
        circuit.relax(stimuli, targets)
        reference.relax(stimuli, targets)
        for layer in MODEL.layer_names:
            np.testing.assert_allclose(circuit.state[layer]["soma"], reference.state[layer]["soma"], atol=1e-12)
    assert len(circuit._simulations) == 1


def test_two_circuits_on_different_targets_do_not_disturb_each_other_or_brian2():
    device, flags = get_device(), brian2.prefs["codegen.cpp.extra_compile_args_gcc"]
    compiled = Circuit(MODEL, parameters_of(MODEL, 2), target="cpp_standalone")
    plain = Circuit(MODEL, parameters_of(MODEL, 2))
    stimuli, targets = presentations_of(MODEL, 2, 3)
    first = compiled.relax(stimuli, targets).convergence_time
    second = plain.relax(stimuli, targets).convergence_time
    np.testing.assert_allclose(compiled.relax(stimuli, targets).convergence_time, first)
    np.testing.assert_allclose(second, first)
    assert get_device() is device
    assert brian2.prefs["codegen.cpp.extra_compile_args_gcc"] is flags
