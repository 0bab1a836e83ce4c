"""Oracles: the equilibrium engine, and the rate cell, which the conductance cell embeds exactly."""

import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from networks import CONDUCTANCE_CELLS, feedback, networks, parameters_of, presentations_of, small_model

from dendrosim.audit.agreement import compare
from dendrosim.circuit import Circuit
from dendrosim.errors import NotConverged
from dendrosim.recording import Record

RELATIVE = 1e-6
COUPLINGS = ("one-way", "two-way")


def agreement(model, parameters, stimuli, targets, target="numpy", start="rest"):
    cell = model.cell
    # Somata that act back close a loop, which a coarse step would not follow.
    step = min(cell.tau_soma, cell.tau_basal, cell.tau_apical) / (10 if cell.coupling == "two-way" else 2)
    circuit = Circuit(model, parameters, target, dt=step)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotConverged)
        recording = circuit.relax(stimuli, targets, start=start, tolerance=1e-11, time_limit=5000.0)
    return recording.converged, compare(circuit, stimuli, targets).largest


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(networks(CONDUCTANCE_CELLS))
def test_the_fixed_point_of_random_conductance_networks_is_that_of_the_equilibrium_engine(network):
    model = network[0]
    two_way = model.cell.coupling == "two-way"
    # The loop that two-way coupling closes may ring for longer than this test waits, above all along a sequence.
    assume(not two_way or model.steps == 1)
    converged, difference = agreement(*network)
    assume(converged or not two_way)
    assert converged
    assert difference <= RELATIVE


@pytest.mark.parametrize(
    ("coupling", "teacher"),
    [
        pytest.param("one-way", {"kind": "nudged", "strength": 0.3}, marks=pytest.mark.slow),
        pytest.param("two-way", {"kind": "clamped"}, marks=pytest.mark.slow),
    ],
)
def test_the_compiled_circuit_has_the_same_fixed_point(coupling, teacher):
    cell = {"kind": "conductance", "coupling": coupling}
    model = small_model((6, 5, 4, 3), cell=cell, teacher=teacher, rules=feedback("paper"))
    network = (model, parameters_of(model, 4), *presentations_of(model, 3, 4))
    converged, difference = agreement(*network, target="cpp_standalone", start="settled")
    assert converged
    assert difference <= RELATIVE


@pytest.mark.parametrize("coupling", COUPLINGS)
def test_at_the_fixed_point_the_soma_is_at_rest_plus_prediction_plus_feedback_times_the_scale(coupling):
    model = small_model(cell={"kind": "conductance", "coupling": coupling, "scale": 12.0})
    circuit = Circuit(model, parameters_of(model, 3))
    circuit.relax(*presentations_of(model, 2, 3), tolerance=1e-12)
    for layer in model.layer_names[:-1]:
        state = circuit.state[layer]
        wanted = -0.070 + 0.012 * (state["prediction"] + state["feedback"])
        np.testing.assert_allclose(state["V_soma"], wanted, rtol=0, atol=1e-12)


@pytest.mark.parametrize("start", ["rest", "settled"])
@pytest.mark.parametrize("teacher", [{"kind": "clamped"}, {"kind": "nudged", "strength": 0.3}])
def test_coupled_one_way_every_cell_follows_the_rate_cell_with_its_time_constants(start, teacher):
    conductance = small_model((6, 5, 4, 3), cell={"kind": "conductance"}, teacher=teacher)
    taus = {name: getattr(conductance.cell, name) for name in ("tau_soma", "tau_basal", "tau_apical")}
    rate = small_model((6, 5, 4, 3), cell=taus, teacher=teacher)
    parameters, presented = parameters_of(rate, 8), presentations_of(rate, 3, 8)
    record = Record(("basal", "soma", "error"), interval=0.5)
    wanted, ours = (
        Circuit(model, parameters, dt=0.5).relax(*presented, start=start, record=record).dataset
        for model in (rate, conductance)
    )
    time = slice(0, 100)
    for variable in record.variables:
        np.testing.assert_allclose(ours[variable].sel(time=time), wanted[variable].sel(time=time), rtol=0, atol=1e-12)


def test_the_soma_in_millivolts_is_the_activity_on_its_scale():
    model = small_model(cell={"kind": "conductance", "coupling": "two-way"})
    recording = Circuit(model, parameters_of(model, 8)).relax(*presentations_of(model, 3, 8), start="settled")
    dataset, cell = recording.dataset, model.cell
    np.testing.assert_allclose((dataset["V_soma"] - cell.resting_potential) / cell.scale, dataset["soma"], atol=1e-12)
    for name in ("V_soma", "V_basal", "V_apical"):
        assert dataset[name].attrs["units"] == "mV"


def test_a_soma_that_acts_back_disturbs_its_dendrites_on_the_way():
    disturbance = {}
    for coupling in COUPLINGS:
        model = small_model(cell={"kind": "conductance", "coupling": coupling})
        recording = Circuit(model, parameters_of(model, 8)).relax(*presentations_of(model, 3, 8), start="settled")
        basal = recording.layer("hidden-1")["basal"]
        disturbance[coupling] = float(np.abs(basal - basal.isel(time=-1)).max())
    assert disturbance["one-way"] < 1e-7
    assert disturbance["two-way"] > 1e-3
