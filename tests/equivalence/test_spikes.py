"""Bursting cells against the equilibrium, to which their averages settle, and against sparse, idiomatic Brian2."""

import warnings

import brian2 as b2
import numpy as np
import pytest
from brian2.devices.device import runtime_device
from networks import convolution, dense, model_of, parameters_of, presentations_of

from dendrosim.benchmark.idiomatic_spikes import sparse_network
from dendrosim.circuit import Circuit
from dendrosim.circuit.target import active, find_target
from dendrosim.errors import Clipped
from dendrosim.recording import Record

MODEL = model_of([5], [dense(6), dense(4), dense(3)], cell={"kind": "bursting"})
REPEATS, STIMULI, TIME = 8, 3, 1700.0
ENSEMBLES = (4, 16, 64, 400)  # two decades


def deviations(ensemble, stimuli, targets, wanted):
    """How far time averages are from the equilibrium, by read-out: of shape (stimulus, repeat, cell)."""
    circuit = Circuit(MODEL.changed(cell={"ensemble": ensemble}), parameters_of(MODEL, 0), dt=1.0)
    record = Record(("sent", "returned"), interval=5.0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Clipped)
        recording = circuit.relax(stimuli, targets, record=record, time_limit=TIME)
    found = {}
    for read, meant in (("sent", "basal"), ("returned", "delta")):
        by_layer = [
            recording.layer(name)[read].isel(time=slice(40, -1)).mean("time").values - wanted[name][meant]
            for name in MODEL.layer_names
        ]
        found[read] = np.concatenate(by_layer, axis=1).reshape(STIMULI, REPEATS, -1)
    return found


def test_averages_of_spikes_come_to_the_equilibrium_with_the_root_of_the_cells():
    stimuli, targets = (np.repeat(each, REPEATS, axis=0) for each in presentations_of(MODEL, STIMULI, 0))
    settled = Circuit(MODEL, parameters_of(MODEL, 0), integrator="settle")
    settled.relax(stimuli, targets)
    errors, biases = {"sent": [], "returned": []}, {"sent": [], "returned": []}
    for ensemble in ENSEMBLES:
        for read, values in deviations(ensemble, stimuli, targets, settled.state).items():
            errors[read].append(np.sqrt(values.var(axis=1, ddof=1).mean()))
            biases[read].append(np.sqrt((values.mean(axis=1) ** 2).mean()))
    for read in errors:
        slope = np.polyfit(np.log(ENSEMBLES), np.log(errors[read]), 1)[0]
        assert slope == pytest.approx(-0.5, abs=0.05), read
        # What is left of the mean of all repeats is little more than its own standard error.
        assert biases[read][-1] < 2.5 * errors[read][-1] / np.sqrt(REPEATS)
        assert biases[read][-1] < 0.02


@pytest.mark.parametrize(
    ("input", "layers"),
    [
        ([1, 6, 6], [convolution(2, 3), {"kind": "max-pool", "size": 2}, convolution(3, 2, 1), dense(3)]),
        ([2, 2, 2], [{"kind": "branches", "layers": [convolution(2, 1), convolution(1, [1, 2])]}, dense(3)]),
        ([3, 2], [{"kind": "recurrent", "units": 5}, {"kind": "recurrent", "units": 4}, dense(2)]),
    ],
    ids=["convolutional", "branches", "recurrent"],
)
def test_other_architectures_come_to_their_equilibrium_too(input, layers):
    model = model_of(input, layers, cell={"kind": "bursting", "ensemble": 400})
    parameters = parameters_of(model, 0)
    stimuli, _ = presentations_of(model, 1, 0)
    settled = Circuit(model, parameters, integrator="settle")
    settled.relax(stimuli)
    record = Record(("sent",), interval=5.0)
    recording = Circuit(model, parameters, dt=1.0).relax(np.repeat(stimuli, 8, axis=0), record=record, time_limit=900.0)
    for name in model.layer_names:
        found = recording.layer(name)["sent"].isel(time=slice(40, -1)).mean("time").values.reshape(8, -1)
        wanted = settled.state[name]["basal"].reshape(-1)
        error = found.std(axis=0, ddof=1).mean() / np.sqrt(8)
        np.testing.assert_allclose(found.mean(axis=0), wanted, atol=6 * error + 0.01, err_msg=name)
        assert error < 0.02


def test_a_sparse_network_of_synapses_has_the_same_means_and_spreads():
    model = model_of([6], [dense(5), dense(4), dense(3)], output="identity", cell={"kind": "bursting", "ensemble": 50})
    parameters = parameters_of(model, 1)
    stimuli, _ = presentations_of(model, 1, 1)
    settled = Circuit(model, parameters, integrator="settle")
    settled.relax(stimuli)
    targets = settled.state["output"]["basal"] + [0.2, -0.1, 0.15]
    with active(runtime_device, find_target("numpy").preferences | {"codegen.target": "numpy"}):
        network = sparse_network(model, parameters, stimuli[0], targets[0], dt=1.0)
        clock = network["layer_1"].clock
        monitors = [b2.StateMonitor(network[f"layer_{place}"], "basal", record=True, clock=clock) for place in (2, 3)]
        network.add(*monitors)
        b2.seed(0)
        network.run(3 * b2.second, namespace={})
    theirs = np.concatenate([np.asarray(monitor.basal) for monitor in monitors])[:, 400:2900].T
    record = Record(("basal",), {"hidden-2": range(4), "output": range(3)})
    recording = Circuit(model, parameters, dt=1.0).relax(stimuli, targets, record=record, time_limit=3000.0)
    ours = recording.dataset["basal"].values[0, 400:2900]
    assert recording.dataset.attrs["clipped"] < 0.01
    blocks = [each.reshape(10, 250, -1).mean(axis=1) for each in (ours, theirs)]
    error = np.hypot(*(block.std(axis=0, ddof=1) / np.sqrt(10) for block in blocks))
    np.testing.assert_array_less(np.abs(ours.mean(axis=0) - theirs.mean(axis=0)) / error, 4.5)
    np.testing.assert_allclose(ours.std(axis=0), theirs.std(axis=0), rtol=0.35)
