"""Active cells in circuits: what they send, follow and record, and that every target simulates the same cell."""

import brian2 as b2
import numpy as np
import pytest
from networks import dense, model_of, parameters_of, presentations_of

import dendrosim as ds
from dendrosim.cells import ActiveCell
from dendrosim.circuit import Circuit
from dendrosim.circuit.active_cells import stimulate
from dendrosim.errors import CircuitError
from dendrosim.model import Parameters
from dendrosim.recording import Record, Recording

CELL = {"kind": "active"}
MODEL = model_of([3], [dense(4), dense(2)], cell=CELL)
SEEN = ("V_soma", "V_dendrite", "event_trace", "burst_trace", "sent", "returned", "error")


def undriven(model):
    """Parameters with which a layer hears nothing: its cells have the currents I_s0 and I_d0."""
    drawn = parameters_of(model, 0)
    return Parameters(
        *({name: 0 * array for name, array in each.items()} for each in (drawn.W, drawn.bias, drawn.theta))
    )


def test_without_noise_a_cell_of_a_circuit_is_the_isolated_cell_as_its_step_becomes_short():
    """Both put spikes on the grid; between them exponential Euler is of first order."""
    model = model_of([1], [dense(1), dense(2)], cell=CELL | {"noise": 0.0, "soma_current": 700.0})
    errors = []
    for dt in (0.1, 0.05):
        record = Record(("V_soma", "V_dendrite"), {"hidden-1": (0,)}, interval=dt)
        found = Circuit(model, undriven(model), dt=dt).relax(np.zeros((1, 1)), record=record, time_limit=16.0).dataset
        steps = round(16.0 / dt)
        wanted = stimulate(model.cell, np.full((1, steps), 700.0), np.zeros((1, steps)), dt=dt)
        errors += [np.abs(found[name][0, :steps, 0].values - wanted[name][0].values).max() for name in SEEN[:2]]
    assert errors[0] > 1.7 * errors[2]
    assert errors[1] > 1.7 * errors[3]
    assert errors[3] < 0.05  # mV


def test_events_and_bursts_leave_as_traces_whose_mean_is_their_rate():
    model = model_of([1], [dense(200), dense(2)], cell=CELL)
    record = Record(SEEN, {"hidden-1": tuple(range(200))}, interval=5.0)
    recording = Circuit(model, undriven(model)).relax(np.zeros((1, 1)), record=record, time_limit=1500.0)
    mean = {name: float(recording.dataset[name][:, 80:].mean()) for name in SEEN}
    cell = model.cell
    # 200 cells for 1.1 s: standard errors of 0.2 Hz for events and bursts, taken four times.
    assert mean["event_trace"] == pytest.approx(cell.base_rate, abs=0.9)
    assert mean["burst_trace"] == pytest.approx(cell.base_rate * cell.base_probability, abs=0.6)
    assert mean["sent"] == pytest.approx((mean["event_trace"] - cell.base_rate) / cell.gain)
    beyond = mean["burst_trace"] - cell.base_probability * mean["event_trace"]
    assert mean["returned"] == pytest.approx(beyond / (cell.burst_gain * cell.gain))
    for trace in ("event_trace", "burst_trace"):
        assert recording.dataset[trace].attrs["units"] == "Hz"
        assert (recording.dataset[trace] >= 0).all()


@pytest.mark.slow
def test_what_hidden_layers_send_follows_the_equilibrium():
    """Means over 20 trials and 1.1 s: correlations with the rates that the same network settles to."""
    model = model_of([5], [dense(8), dense(6), dense(3)], cell=CELL)
    parameters, (stimuli, targets) = parameters_of(model, 0), presentations_of(model, 8, 0)
    settled = Circuit(model, parameters, integrator="settle")
    settled.relax(stimuli, targets)
    repeated = (np.repeat(each, 20, axis=0) for each in (stimuli, targets))
    recording = Circuit(model, parameters).relax(*repeated, record=Record(SEEN, interval=5.0), time_limit=1500.0)
    assert not recording.settles
    assert "cells of kind 'active' have no fixed point" in recording.reason

    def means(layer, variable):
        found = recording.layer(layer)[variable].isel(time=slice(80, -1)).mean("time").values
        return found.reshape(8, 20, -1).mean(axis=1).ravel()

    for layer, correlation, signs in (("hidden-1", 0.95, 0.9), ("hidden-2", 0.9, 0.85)):
        wanted, found = settled.state[layer]["basal"].ravel(), means(layer, "sent")
        assert np.corrcoef(wanted, found)[0, 1] > correlation
        clear = np.abs(wanted) > 0.1  # of others chance decides
        assert (np.sign(wanted) == np.sign(found))[clear].mean() > signs
    # Errors pass two spiking layers and the noise of each: they follow, less closely.
    for layer, correlation in (("output", 0.95), ("hidden-2", 0.6), ("hidden-1", 0.6)):
        wanted = settled.state[layer]["delta"].ravel()
        assert np.corrcoef(wanted, means(layer, "returned"))[0, 1] > correlation


def relaxed(target="numpy", presentations=3, **settings):
    cell = CELL | settings.pop("cell", {})
    circuit = Circuit(MODEL.changed(cell=cell), parameters_of(MODEL, 0), target, **settings)
    record = Record((*SEEN, "threshold"), interval=0.2)
    return circuit.relax(*presentations_of(MODEL, presentations, 0), record=record, time_limit=60.0).dataset


def test_a_seed_decides_on_all_noise_whatever_the_batch_and_compartments_and_cells_have_noise_of_their_own():
    first = relaxed(cell={"seed": 1})
    by_two = relaxed(cell={"seed": 1}, batch=2)
    for name in SEEN:  # NumPy sums products of other shapes in another order
        np.testing.assert_allclose(by_two[name], first[name], rtol=0, atol=1e-9)
    assert (relaxed(cell={"seed": 2})["V_soma"] != first["V_soma"])[:, 5:].mean() > 0.9
    model = model_of([1], [dense(300), dense(2)], cell=CELL)
    embedded = Circuit(model, undriven(model)).embed(network=(network := b2.Network()))
    network.run(30 * b2.ms, namespace={})
    noise = [np.array(getattr(embedded["hidden-1"], f"noise_{name}")[:]) for name in ("soma", "dendrite")]
    assert abs(np.corrcoef(*noise)[0, 1]) < 4 / np.sqrt(300)
    assert len({*noise[0], *noise[1]}) == 600
    for each in noise:  # of variance 1: the standard error of a variance of 300 normal numbers is 0.08
        assert each.var() == pytest.approx(1, abs=0.33)


@pytest.mark.parametrize("target", ["cython", pytest.param("cpp_standalone", marks=pytest.mark.slow)])
def test_targets_simulate_the_same_spikes(target):
    found, wanted = relaxed(target), relaxed()
    assert wanted["threshold"].max() > -49  # there were spikes
    for name in SEEN:
        # A threshold amplifies rounding: spikes on the same step, and potentials to many digits.
        np.testing.assert_allclose(found[name], wanted[name], rtol=0, atol=1e-6)


def test_currents_of_the_users_network_reach_soma_and_dendrite():
    model = MODEL.changed(cell={"noise": 0.0, "soma_current": 0.0})
    embedded = Circuit(model, undriven(model)).embed(network=(network := b2.Network()))
    layer = embedded["hidden-1"]
    layer.I_soma, layer.I_dendrite = [100, 0, 700, 700] * b2.pA, [0, 100, 0, 700] * b2.pA
    spikes = b2.SpikeMonitor(layer)
    network.add(spikes)
    network.run(25 * b2.ms, namespace={})
    assert list(spikes.count) == [0, 0, 1, 3]
    assert layer.V_soma[0] > layer.V_soma[1] + 2 * b2.mV
    assert layer.V_dendrite[1] > layer.V_dendrite[0] + 2 * b2.mV


def test_a_recording_is_kept_drawn_and_shown(tmp_path):
    recording = Circuit(MODEL, parameters_of(MODEL, 0)).relax(*presentations_of(MODEL, 2, 0), time_limit=40.0)
    there = Recording.load(recording.save(tmp_path / "active.nc"))
    assert there.dataset.attrs["noise_current"] == MODEL.cell.noise
    assert there.dataset["V_dendrite"].attrs["units"] == "mV"
    ds.plot.relaxation(there, layer="hidden-1").figure.savefig(tmp_path / "relaxation.png")
    potentials = Record(("V_soma", "V_dendrite", "error"))
    recording = Circuit(MODEL, parameters_of(MODEL, 0)).relax(
        *presentations_of(MODEL, 1, 0), record=potentials, time_limit=40.0
    )
    ds.plot.neuron(recording, "hidden-1").figure.savefig(tmp_path / "neuron.png")
    assert (tmp_path / "neuron.png").stat().st_size > 10_000


def test_a_circuit_of_active_cells_learns_continuously_from_spikes_alone_or_says_that_it_never_converges():
    model = MODEL.changed(plasticity={"streams": 2, "presentation_time": 20.0, "epochs": 1})
    start = parameters_of(model, 0)
    learned = Circuit(model, start).learn(*presentations_of(model, 4, 0))
    assert all(np.isfinite(array).all() for array in learned.parameters.W.values())
    assert (learned.parameters.W["hidden-1"] != start.W["hidden-1"]).any()
    with pytest.raises(CircuitError, match=r"these cells of kind 'active' never converge; set plasticity\.mode"):
        Circuit(model.changed(plasticity={"mode": "at-convergence"}), start).learn(*presentations_of(model, 4, 0))


def test_euler_steps_that_are_too_long_for_the_membrane_are_refused():
    with pytest.raises(CircuitError, match=r"integrator 'euler' is unstable"):
        Circuit(MODEL, parameters_of(MODEL, 0), integrator="euler", dt=6.0)
    assert ActiveCell().rates().real.min() > 0


def test_recorded_spikes_are_the_events_and_bursts_that_the_traces_have_seen():
    model = model_of([1], [dense(20), dense(2)], cell=CELL | {"tau_synapse": 1e6})  # traces that count
    record = Record(("event_trace", "burst_trace"), {"hidden-1": tuple(range(20))}, spikes=True)
    recording = Circuit(model, undriven(model)).relax(np.zeros((1, 1)), record=record, time_limit=400.0)
    table, last = recording.spikes("hidden-1"), recording.dataset.isel(time=-1, presentation=0)
    events = table.groupby("neuron")["event"].sum().reindex(range(20), fill_value=0)
    bursts = table[table["burst"] > 0].groupby("neuron")["event"].sum().reindex(range(20), fill_value=0)
    for found, trace, rest in (
        (events, "event_trace", model.cell.base_rate),
        (bursts, "burst_trace", model.cell.base_rate * model.cell.base_probability),
    ):
        counted = (last[trace].values - rest * np.exp(-400 / 1e6)) * 1e3
        np.testing.assert_allclose(found, counted, atol=0.05)
