"""Local convergence is a test on the derivative: recomputed here from the recorded potentials, by hand."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from networks import dense_layers, networks, parameters_of, presentations_of, small_model

from dendrosim.circuit import Circuit
from dendrosim.errors import NotConverged
from dendrosim.model import ACTIVATIONS
from dendrosim.recording import Record

EVERYTHING = ("basal", "apical", "soma")


def residual(recording, model, parameters, presentation):
    """max τ|d·/dt| at every recorded moment, from the equations and the potentials alone."""
    activation, strength = ACTIVATIONS[model.activation], model.teacher.strength
    layers = {
        name: recording.layer(name).isel(presentation=presentation)[list(EVERYTHING)] for name in model.layer_names
    }
    target = recording.dataset["target"].values[presentation]
    below = np.broadcast_to(
        recording.dataset["stimulus"].values[presentation], (len(recording.dataset.time), model.sizes[0])
    )
    changes, deltas = [], {}
    for name, cells in layers.items():
        basal, soma = cells["basal"].values, cells["soma"].values
        drive = below @ parameters.W[name].T + parameters.bias[name]
        if name != "output":
            goal = activation.value(np, drive)
            deltas[name] = (soma - basal) * activation.derivative(np, goal)
        else:
            exponent = np.exp(drive - drive.max(axis=1, keepdims=True))
            goal = exponent / exponent.sum(axis=1, keepdims=True) if model.output == "softmax" else drive
            aim = basal + strength * (target - basal)
            deltas[name] = (aim if model.teacher.kind == "clamped" else soma) - basal
            if model.teacher.kind == "nudged":
                changes.append(aim - soma)
        changes.append(goal - basal)
        below = basal
    for name, above in zip(model.layer_names[:-1], model.layer_names[1:], strict=True):
        feedback = deltas[above] @ parameters.theta[above]
        basal, soma = layers[name]["basal"].values, layers[name]["soma"].values
        if model.cell.tau_apical > 0:
            changes.append(feedback - layers[name]["apical"].values)
            changes.append(basal + layers[name]["apical"].values - soma)
        else:
            changes.append(basal + feedback - soma)
    return np.max([np.abs(change).max(axis=1) for change in changes], axis=0)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(networks(layers=dense_layers()))
def test_a_presentation_is_converged_from_the_first_moment_on_at_which_no_derivative_exceeds_the_tolerance(network):
    model, parameters, stimuli, targets = network
    dt, tolerance = 2.0, 1e-3
    circuit = Circuit(model, parameters, dt=dt)
    recording = circuit.relax(stimuli, targets, record=Record(EVERYTHING, interval=dt), tolerance=tolerance)
    assert recording.converged
    time = recording.dataset["time"].values[:-1]
    for presentation, settled in enumerate(recording.convergence_time):
        quiet = residual(recording, model, parameters, presentation)[:-1] < tolerance
        since = len(quiet) - np.argmin(quiet[::-1]) if not quiet.all() else 0
        assert settled == pytest.approx(time[since])


def test_a_network_that_still_moves_is_reported_and_never_called_converged():
    model = small_model()
    circuit = Circuit(model, parameters_of(model, 0))
    stimuli, targets = presentations_of(model, 3, 0)
    with pytest.warns(NotConverged, match="3 of 3 presentations still moved"):
        recording = circuit.relax(stimuli, targets, time_limit=20.0)
    assert not recording.converged
    assert np.isnan(recording.convergence_time).all()
    assert "time limit" in recording.reason
    assert (recording.dataset["residual"] > 1e-9).all()


def test_a_network_at_rest_is_converged_at_once():
    model = small_model()
    circuit = Circuit(model, parameters_of(model, 0))
    stimuli, _ = presentations_of(model, 2, 0)
    recording = circuit.relax(stimuli, start="settled")
    np.testing.assert_array_equal(recording.convergence_time, 0.0)


def test_a_presentation_that_rests_from_the_beginning_has_settled_at_zero_however_long_others_move():
    model = small_model(output="identity")
    circuit = Circuit(model, parameters_of(model, 0))
    stimuli, _ = presentations_of(model, 2, 0)
    reached = circuit.relax(stimuli).layer("output")["basal"].values[:, -1]
    recording = circuit.relax(stimuli, reached + np.array([[0], [1]]), start="settled", tolerance=1e-6)
    assert recording.convergence_time[0] == 0
    assert recording.convergence_time[1] > 50


def test_a_soma_that_rests_while_its_dendrites_move_does_not_count_as_converged():
    # Basal and apical changes cancel in the soma: with Θ^T δ = −f(z) its sum never leaves zero by itself.
    model = small_model((1, 1, 1), activation="identity", output="identity", cell={"tau_basal": 5.0, "tau_apical": 5.0})
    parameters = parameters_of(model, 0)
    for name in model.layer_names:
        parameters.W[name][:], parameters.bias[name][:] = 0.0, 0.0
    parameters.bias["hidden-1"][:] = 1.0
    parameters.theta["output"][:] = -1.0
    circuit = Circuit(model, parameters, dt=0.5)
    record = Record(EVERYTHING, interval=0.5)
    recording = circuit.relax(np.zeros((1, 1)), np.ones((1, 1)), record=record, tolerance=1e-6)
    hidden = recording.layer("hidden-1")
    assert np.abs(hidden["soma"]).max() < 1e-12
    assert recording.convergence_time[0] > 10 * 5.0
    assert float(hidden["basal"][0, -1, 0]) == pytest.approx(1.0, abs=1e-5)


def test_presentations_that_settle_at_different_times_are_told_apart():
    model = small_model()
    parameters = parameters_of(model, 5)
    circuit = Circuit(model, parameters)
    stimuli, targets = presentations_of(model, 4, 5)
    recording = circuit.relax(stimuli, targets, tolerance=1e-5)
    assert len(set(recording.convergence_time.round(3))) > 1
    alone = circuit.relax(stimuli[2:3], targets[2:3], tolerance=1e-5)
    assert alone.convergence_time[0] == pytest.approx(recording.convergence_time[2])
