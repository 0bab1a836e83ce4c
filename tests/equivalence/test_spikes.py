"""Bursting cells against the equilibrium: averaged over time, what spikes carry is what the network settles to."""

import warnings

import numpy as np
import pytest
from networks import dense, model_of, parameters_of, presentations_of

from dendrosim.circuit import Circuit
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
