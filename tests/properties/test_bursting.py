"""Bursting cells: what their spikes are, what they carry, and what is said of them."""

import warnings

import brian2 as b2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import dense, model_of, parameters_of, presentations_of
from scipy import stats

from dendrosim.circuit import Circuit
from dendrosim.errors import CircuitError, Clipped
from dendrosim.model import Parameters
from dendrosim.recording import Record, Recording
from dendrosim.view.describe import convergence

CELL = {"kind": "bursting"}
STEP = 1.0  # ms


def silent(cells=60, **cell):
    """A layer that hears nothing: u = tanh(b) is the same at all times, and there is no error."""
    model = model_of([1], [dense(cells), dense(2)], cell=CELL | cell)
    parameters = parameters_of(model, 0)
    W = {name: np.zeros_like(array) for name, array in parameters.W.items()}
    bias = {name: np.full_like(array, 0.4) for name, array in parameters.bias.items()}
    theta = {name: np.zeros_like(array) for name, array in parameters.theta.items()}
    return model, Parameters(W, bias, theta)


def watched(model, parameters, variables, time, presentations=8, interval=STEP, **settings):
    circuit = Circuit(model, parameters, dt=STEP, **settings)
    record = Record(variables, {"hidden-1": tuple(range(model.sizes[1]))}, interval)
    return circuit.relax(np.zeros((presentations, *model.input)), record=record, time_limit=time)


def test_events_are_poisson_and_bursts_are_their_share():
    model, parameters = silent()
    recording = watched(model, parameters, ("singles", "bursts"), 500.0)
    bursts = recording.dataset["bursts"].values[:, 1:]
    events = bursts + recording.dataset["singles"].values[:, 1:]
    cell, steps = model.cell, events.shape[1]
    rate = cell.base_rate + cell.gain * np.tanh(0.4)
    totals = events.sum(axis=1).ravel()
    expected = cell.ensemble * rate * STEP / 1000 * steps
    assert abs(totals.mean() - expected) < 4 * np.sqrt(expected / totals.size)
    dispersion = totals.var(ddof=1) / totals.mean() * (totals.size - 1)
    assert 1e-4 < stats.chi2.cdf(dispersion, totals.size - 1) < 1 - 1e-4
    share, count = bursts.sum() / events.sum(), events.sum()
    error = np.sqrt(cell.base_probability * (1 - cell.base_probability) / count)
    assert abs(share - cell.base_probability) < 4 * error


def test_the_noise_of_what_is_read_falls_with_the_root_of_cells_time_and_rate():
    deviations, predicted = [], []
    for ensemble, tau in ((1, 10.0), (4, 20.0), (20, 20.0), (50, 80.0)):
        model, parameters = silent(ensemble=ensemble, tau_synapse=tau)
        recording = watched(model, parameters, ("sent",), 12 * tau, interval=tau)
        read = recording.dataset["sent"].values[:, 4:-1] - np.tanh(0.4)
        rate = model.cell.base_rate + model.cell.gain * np.tanh(0.4)
        deviations.append(read.std())
        predicted.append(np.sqrt(rate / (2 * tau / 1000 * ensemble)) / model.cell.gain)
        assert abs(read.mean()) < 5 * read.std() / np.sqrt(read.size)
    np.testing.assert_allclose(deviations, predicted, rtol=0.06)
    slope = np.polyfit(np.log([1 * 10, 4 * 20, 20 * 20, 50 * 80]), np.log(deviations), 1)[0]
    assert slope == pytest.approx(-0.5, abs=0.05)


@pytest.mark.slow
@settings(max_examples=8, deadline=None)
@given(st.integers(0, 1000))
def test_bursts_carry_the_error_in_the_mean(seed):
    """Over a long time what is read off the bursts is δ, of every cell within four standard errors."""
    model = model_of([3], [dense(4), dense(3)], cell=CELL | {"ensemble": 40})
    parameters = parameters_of(model, seed).map(lambda array: array / 2)
    stimuli, targets = presentations_of(model, 2, seed)
    circuit, time = Circuit(model, parameters, dt=STEP), 3000.0
    record = Record(("returned", "delta", "sent", "basal"), interval=STEP)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Clipped)
        recording = circuit.relax(stimuli, targets, record=record, time_limit=time)
    cell, kept = model.cell, recording.dataset.isel(time=slice(200, None))
    seconds = (time - 200) / 1000
    for read, meant, variance in (
        ("sent", "basal", (cell.base_rate + cell.gain) / cell.gain**2),
        ("returned", "delta", 0.3 * 0.7 * (cell.base_rate + cell.gain) / (cell.burst_gain * cell.gain) ** 2 * 3),
    ):
        difference = (kept[read] - kept[meant]).mean("time").values
        assert np.abs(difference).max() < 5 * np.sqrt(variance / (cell.ensemble * seconds)) + 0.02


def test_a_seed_decides_on_the_spikes_and_every_presentation_has_its_own():
    model, parameters = silent(12)

    def spikes(**cell):
        described = model.changed(cell=CELL | cell)
        return watched(described, parameters, ("singles", "bursts"), 50.0, 4).dataset["singles"].values

    first = spikes(seed=1)
    np.testing.assert_array_equal(spikes(seed=1), first)
    assert (spikes(seed=2) != first).any()
    assert (first[0] != first[1]).any()


def test_a_batch_does_not_decide_on_the_spikes():
    model, parameters = silent(12)
    whole, parts = (
        watched(model, parameters, ("singles",), 40.0, 4, batch=batch).dataset["singles"].values for batch in (128, 3)
    )
    np.testing.assert_array_equal(parts, whole)


@pytest.mark.parametrize("target", ["cython", pytest.param("cpp_standalone", marks=pytest.mark.slow)])
def test_targets_draw_the_same_spikes(target):
    model = model_of([3], [dense(6), dense(3)], cell=CELL)
    stimuli, targets = presentations_of(model, 2, 0)
    found = []
    for each in ("numpy", target):
        circuit = Circuit(model, parameters_of(model, 0), each, dt=STEP)
        recording = circuit.relax(stimuli, targets, record=Record(("singles", "bursts")), time_limit=60.0)
        assert not recording.settles
        found.append(recording.dataset["singles"].values)
    # A rounding may move a number across a step of the distribution, and what follows from it.
    np.testing.assert_array_equal(found[1][:, :20], found[0][:, :20])


def test_a_recording_says_that_it_ended_by_time_and_how_often_spikes_were_cut_off(tmp_path):
    model = model_of([3], [dense(4), dense(3)], cell=CELL | {"base_rate": 60.0})
    stimuli, targets = presentations_of(model, 2, 0)
    with pytest.warns(Clipped, match=r"of the time steps a rate or probability of spikes was cut off, .* raise cell"):
        recording = Circuit(model, parameters_of(model, 0), dt=STEP).relax(stimuli, targets, time_limit=200.0)
    assert "cells of kind 'bursting' have no fixed point" in recording.reason
    assert not recording.converged
    assert "ended by time" in repr(recording)
    assert convergence(recording.dataset, 0) == "Ended by time: cells of kind 'bursting' have no fixed point."
    there = Recording.load(recording.save(tmp_path / "spikes.nc"))
    assert 0.01 < there.dataset.attrs["clipped"] <= 1
    assert there.dataset["event_trace"].attrs["units"] == "Hz"


def test_updates_at_convergence_are_refused():
    model = model_of([3], [dense(4), dense(3)], cell=CELL, plasticity={"mode": "at-convergence"})
    with pytest.raises(CircuitError, match=r"these cells of kind 'bursting' never converge; set plasticity\.mode"):
        Circuit(model, parameters_of(model, 0)).learn(*presentations_of(model, 4, 0))


def changes_in_a_step(model, parameters, traces, decay):
    """What one time step of plasticity adds to the weights, with the given traces of all cells."""
    learning = model.changed(plasticity={"decay": decay, "learning_rate": 1.0, "presentation_time": STEP})
    network = b2.Network()
    embedded = Circuit(learning, parameters, dt=STEP).embed(1, network, learning=True)
    embedded.present(np.zeros((1, *model.input)), np.zeros((1, model.sizes[-1])))
    for layer, by_name in traces.items():
        for name, values in by_name.items():
            setattr(embedded[layer], name, values * b2.Hz)
    network.run(STEP * b2.ms, namespace={})
    after = embedded.parameters
    return {name: array - dict(parameters.items())[name] for name, array in after.items()}


@pytest.mark.parametrize("decay", [0.0, 0.1])
def test_a_synapse_changes_by_the_spikes_of_its_two_cells_and_by_nothing_else(decay):
    """C1 and C2: other weights and other cells' spikes are replaced, and the synapse changes as it did."""
    model = model_of([3], [dense(4), dense(5), dense(3)], cell=CELL, rules={"dll": {"feedback": "kolen-pollack"}})
    post, pre = 2, 1
    generator = np.random.default_rng(0)

    def drawn_traces():
        events = {
            name: generator.uniform(20, 220, size)
            for name, size in zip(model.layer_names, model.sizes[1:], strict=True)
        }
        return {
            name: {"event_trace": each, "burst_trace": each * generator.uniform(0, 1, each.size)}
            for name, each in events.items()
        }

    first, traces = parameters_of(model, 0), drawn_traces()
    before = changes_in_a_step(model, first, traces, decay)
    others, changed = parameters_of(model, 1), drawn_traces()
    for layer, cell in (("hidden-2", post), ("hidden-1", pre)):
        for name in ("event_trace", "burst_trace"):
            changed[layer][name][cell] = traces[layer][name][cell]
    others.W["hidden-2"][post, pre] = first.W["hidden-2"][post, pre]
    others.theta["hidden-2"][post, pre] = first.theta["hidden-2"][post, pre]
    after = changes_in_a_step(model, others, changed, decay)
    cell = model.cell
    sent = (traces["hidden-1"]["event_trace"][pre] - cell.base_rate) / cell.gain
    events, bursts = (traces["hidden-2"][name][post] for name in ("event_trace", "burst_trace"))
    returned = (bursts - cell.base_probability * events) / (cell.burst_gain * cell.gain)
    for kind, parameters in (("W", first.W), ("theta", first.theta)):
        name = f"hidden-2.{kind}"
        assert after[name][post, pre] == pytest.approx(before[name][post, pre], rel=0, abs=1e-14)
        wanted = returned * sent - decay * parameters["hidden-2"][post, pre]
        assert before[name][post, pre] == pytest.approx(wanted, rel=1e-9)
        untouched = np.ones_like(before[name], dtype=bool)
        untouched[post, pre] = False
        assert (np.abs(after[name] - before[name])[untouched] > 1e-6).all()  # whatever else could change, did


def test_plasticity_reads_what_spikes_carry_and_lowers_the_error():
    model = model_of([3], [dense(6), dense(3)], cell=CELL | {"ensemble": 50}, plasticity={"decay": 0.0})
    names = [variable for update in ("basal", "delta") for variable in [model.cell.ports.variable(update)]]
    assert names == ["sent", "returned"]
    stimuli, targets = presentations_of(model, 8, 3)
    learning = {"epochs": 6, "streams": 4, "presentation_time": 100.0, "learning_rate": 0.1, "schedule": "constant"}
    described = model.changed(plasticity=learning)
    start = parameters_of(model, 0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Clipped)
        learned = Circuit(described, start, dt=STEP).learn(stimuli, targets)
    assert 0 <= learned.history["clipped"].max() < 0.5
    errors = []
    for parameters in (start, learned.parameters):
        circuit = Circuit(described, parameters, integrator="settle")
        circuit.relax(stimuli, targets, record=Record(neurons={}))
        errors.append(np.abs(circuit.state["output"]["error"]).mean())
    assert errors[1] < 0.8 * errors[0]
