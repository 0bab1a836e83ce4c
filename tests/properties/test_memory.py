"""The memory of a relaxation is estimated before it runs, and is no less than what it takes."""

import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from networks import BURSTING_CELLS, networks, parameters_of, presentations_of, small_model
from spiking_cells import unheard

from dendrosim.circuit import Circuit, requirements
from dendrosim.errors import CircuitError, Clipped
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


@pytest.mark.slow
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(networks(cells=BURSTING_CELLS), st.sampled_from([0.5, 2.0]))
def test_spikes_of_random_networks_take_no_more_memory_than_is_expected(network, dt):
    model, parameters, stimuli, targets = network
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Clipped)
        dataset = Circuit(model, parameters, dt=dt).relax(stimuli, targets, time_limit=60.0).dataset
    needed, _ = requirements.memory_needed(model, Record(), len(stimuli), 128, 60.0, dt, 8)
    unwatched, _ = requirements.memory_needed(model, Record(spikes=False), len(stimuli), 128, 60.0, dt, 8)
    spikes = sum(variable.nbytes for name, variable in dataset.variables.items() if str(name).startswith("spike"))
    assert spikes <= needed - unwatched
    steps = 61 / dt + 1
    rows = 2 * steps * dataset.sizes["neuron"] * len(stimuli)
    assert needed - unwatched <= 3 * 28 * rows  # no more than one row of each kind in each time step


def test_spikes_of_a_cell_with_a_threshold_take_no_more_memory_than_is_expected():
    model, parameters = unheard(4, bias=np.arctanh([0.2, 0.4, 0.6, 0.9]), kind="leaky")
    dataset = Circuit(model, parameters, dt=0.1).relax(np.zeros((2, 1)), time_limit=100.0).dataset
    expected = [
        requirements.memory_needed(model, Record(spikes=each), 2, 128, 100.0, 0.1, 8)[0] for each in (True, False)
    ]
    spikes = sum(variable.nbytes for name, variable in dataset.variables.items() if str(name).startswith("spike"))
    assert 0 < spikes <= expected[0] - expected[1]


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
