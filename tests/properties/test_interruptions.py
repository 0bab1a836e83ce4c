"""Ctrl-C ends a circuit at once, says so, and what is finished is kept."""

import os
import pickle
import signal
import time

import numpy as np
import pytest
from networks import parameters_of, presentations_of, small_model

from dendrosim.circuit import Circuit
from dendrosim.errors import CircuitError, Interrupted
from dendrosim.recording import Record, Recording

MODEL = small_model((5, 4, 3, 2))


@pytest.fixture(autouse=True)
def ctrl_c_is_pythons_own():
    """Whatever Brian2 or the test runner made of SIGINT."""
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, handler)


def press_ctrl_c_at(call):
    """A report that interrupts this process when it is called for the n-th time, and counts its calls."""
    calls = []

    def report(row):
        calls.append(row)
        if len(calls) == call:
            os.kill(os.getpid(), signal.SIGINT)

    return calls, report


def test_a_relaxation_that_is_interrupted_ends_at_once_and_says_so():
    calls, report = press_ctrl_c_at(5)
    circuit = Circuit(MODEL, parameters_of(MODEL, 0))
    with pytest.raises(Interrupted, match=r"was interrupted before any presentation had ended; nothing is kept") as end:
        circuit.relax(*presentations_of(MODEL, 2, 0), report=report)
    assert len(calls) == 5
    assert end.value.finished is None
    assert not isinstance(end.value, Exception)  # nobody swallows it who catches errors


def test_batches_that_had_ended_are_kept_in_the_file_and_in_the_exception(tmp_path):
    circuit = Circuit(MODEL, parameters_of(MODEL, 0), batch=2)
    stimuli, targets = presentations_of(MODEL, 6, 0)
    whole = circuit.relax(stimuli, targets)

    def interrupt_the_third(row):
        if row["presentation"] == 4 and row["time"] > 20:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(Interrupted, match="was interrupted after 4 of 6 presentations") as end:
        circuit.relax(stimuli, targets, report=interrupt_the_third, out=tmp_path / "kept.nc")
    for recording in (end.value.finished, Recording.load(tmp_path / "kept.nc")):
        assert recording.reason == "interrupted after 4 of 6 presentations"
        for number in range(4):
            kept, wanted = (each.presentation(number)["error"] for each in (recording, whole))
            np.testing.assert_array_equal(kept, wanted)
    assert [path.name for path in tmp_path.iterdir()] == ["kept.nc"]
    assert circuit.relax(stimuli, targets).dataset.equals(whole.dataset)


def learning(epochs, **settings):
    plasticity = {"mode": "at-convergence", "streams": 4, "epochs": epochs, "schedule": "constant"} | settings
    model = MODEL.changed(plasticity=plasticity)
    return Circuit(model, parameters_of(model, 0), integrator="settle"), presentations_of(model, 8, 0)


def test_epochs_that_had_ended_are_kept_when_a_learning_is_interrupted():
    _, report = press_ctrl_c_at(3)
    circuit, pairs = learning(epochs=50)
    with pytest.raises(Interrupted, match="after 3 of 50 epochs; the circuit has their weights") as end:
        circuit.learn(*pairs, report=report)
    reference, pairs = learning(epochs=3)
    learned = reference.learn(*pairs)
    assert len(end.value.finished.history) == 3
    for name, array in learned.parameters.items():
        np.testing.assert_array_equal(dict(circuit.parameters.items())[name], array)
        np.testing.assert_array_equal(dict(end.value.finished.parameters.items())[name], array)


def test_a_learning_that_diverges_keeps_the_weights_of_the_last_good_epoch():
    circuit, pairs = learning(epochs=20, learning_rate=1e200)
    with np.errstate(all="ignore"), pytest.raises(CircuitError, match=r"learning diverged in epoch|had not converged"):
        circuit.learn(*pairs)
    assert all(np.isfinite(array).all() for _, array in circuit.parameters.items())


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system has no interval timer")
def test_a_compiled_circuit_is_interrupted_while_it_runs():
    model = small_model((50, 200, 2), cell={"tau_soma": 1e5, "tau_basal": 2.0})
    circuit = Circuit(model, parameters_of(model, 0), "cpp_standalone", dt=0.01)
    pairs, nothing = presentations_of(model, 4, 0), Record(neurons={})
    with pytest.warns(UserWarning, match="time limit"):
        circuit.relax(*pairs, record=nothing, time_limit=0.1)  # compiled
    signal.signal(signal.SIGALRM, signal.default_int_handler)
    signal.setitimer(signal.ITIMER_REAL, 1.0)
    start = time.perf_counter()
    with pytest.raises(Interrupted):
        circuit.relax(*pairs, record=nothing, time_limit=1e6)
    assert time.perf_counter() - start < 10


def test_a_circuit_can_be_pickled_after_it_ran():
    circuit = Circuit(MODEL, parameters_of(MODEL, 0), integrator="euler", dt=0.1)
    pairs = presentations_of(MODEL, 2, 0)
    wanted = circuit.relax(*pairs)
    copy = pickle.loads(pickle.dumps(circuit))
    assert copy.relax(*pairs).dataset.equals(wanted.dataset)
    np.testing.assert_array_equal(copy.updates().W["output"], circuit.updates().W["output"])
