"""Code generation: the same trajectories on every target, and nothing left behind in Brian2's settings."""

import brian2
import numpy as np
import pytest
from brian2.devices.device import get_device
from networks import parameters_of, presentations_of, small_model

from dendrosim.circuit import Circuit
from dendrosim.recording import Record

MODEL = small_model((7, 9, 26, 3), cell={"tau_apical": 5.0})
EVERYTHING = Record(("basal", "apical", "soma", "drive", "prediction", "delta", "feedback"), interval=2.0)


def trajectories(target, presentations):
    circuit = Circuit(MODEL, parameters_of(MODEL, 2), target=target)
    stimuli, targets = presentations_of(MODEL, 5, 2)
    recordings = [
        circuit.relax(stimuli[:presentations], targets[:presentations], record=EVERYTHING, start=start)
        for start in ("rest", "settled")
    ]
    return [recording.dataset[list(EVERYTHING.variables)].to_array().values for recording in recordings]


@pytest.mark.parametrize("presentations", [1, 5])
@pytest.mark.parametrize("target", ["cython", "cpp_standalone"])
def test_every_target_follows_the_same_trajectory_as_numpy(target, presentations):
    for ours, wanted in zip(trajectories(target, presentations), trajectories("numpy", presentations), strict=True):
        np.testing.assert_allclose(ours, wanted, rtol=0, atol=1e-12)


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
