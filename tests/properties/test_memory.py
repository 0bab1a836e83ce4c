"""The memory of a relaxation is estimated before it runs, and is no less than what it takes."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from networks import networks, parameters_of, presentations_of, small_model

from dendrosim.circuit import Circuit, requirements
from dendrosim.errors import CircuitError
from dendrosim.recording import Record

MODEL = small_model()


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(networks())
def test_random_networks_settle_within_the_time_and_memory_that_are_expected(network):
    model, parameters, stimuli, targets = network
    recording = Circuit(model, parameters, dt=2.0).relax(stimuli, targets, tolerance=1e-6)
    expected = requirements.settling_time(model, 1e-6)
    # Potentials of random networks are not all near 1: a few time constants more.
    assert recording.dataset.time[-1] <= expected + 5 * 20.0
    needed, _ = requirements.memory_needed(
        model, Record(), len(stimuli), 128, float(recording.dataset.time[-1]), 2.0, 8
    )
    variables = [recording.dataset[name] for name in Record().chosen(model)]
    assert sum(variable.nbytes for variable in variables) <= needed


def test_what_does_not_fit_is_refused_before_it_runs_with_its_size_and_a_remedy(monkeypatch):
    monkeypatch.setattr(requirements, "memory_free", lambda: 10_000)
    circuit = Circuit(MODEL, parameters_of(MODEL, 0))
    with pytest.raises(
        CircuitError, match=r"needs about .* GB are free: record fewer neurons or variables, at a larger"
    ):
        circuit.relax(*presentations_of(MODEL, 4, 0))
    few = Record(("soma",), neurons={"output": (0,)}, interval=100.0)
    with pytest.raises(CircuitError, match=r"simulate fewer presentations at once \(batch\)"):
        circuit.relax(*presentations_of(MODEL, 20, 0), record=few)
    assert circuit.state == {}


def test_float32_needs_half_of_float64():
    sizes = [
        requirements.memory_needed(MODEL, Record(), 4, 128, 100.0, 1.0, np.dtype(name).itemsize)
        for name in ("float64", "float32")
    ]
    assert sum(sizes[0]) == pytest.approx(2 * sum(sizes[1]), abs=2)
