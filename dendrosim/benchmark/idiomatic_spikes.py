"""A network of bursting cells in idiomatic Brian2: sparse and driven by events, where only spikes travel.

A spike adds to the summed synaptic currents of the cells that it reaches, which decay with τ_syn, so that a time step
without spikes costs no synapse anything.
"""

from __future__ import annotations

from typing import Any

import brian2 as b2
import numpy as np

from dendrosim.cells.bursting import BurstingCell
from dendrosim.model import Model, Parameters

CELLS = """
dbasal/dt = (prediction - basal)/tau_basal : 1
ddrive/dt = -drive/tau_synapse : 1
prediction = {prediction} : 1 (constant over dt)
events = K*clip(base_rate + gain*basal, 0*hertz, inf*hertz)*dt : 1
bursts_expected = clip(p0*events + p1*K*gain*dt*delta, 0, events) : 1
singles = poisson(events - bursts_expected) : 1 (constant over dt)
bursts = poisson(bursts_expected) : 1 (constant over dt)
bias : 1
"""
HIDDEN = """
dapical/dt = (feedback - apical)/tau_apical : 1
dsoma/dt = (basal + apical - soma)/tau_soma : 1
dfeedback/dt = -feedback/tau_synapse : 1
delta = (soma - basal)*(1 - prediction**2) : 1
"""
OUTPUT = """
delta = target - basal : 1
target : 1
"""


def sparse_network(model: Model, parameters: Parameters, stimulus: np.ndarray, target: np.ndarray, dt: float) -> Any:
    """Return a Brian2 network of one presentation: tanh hidden layers, a linear output with a clamped teacher.

    Parameters
    ----------
    model : Model
        Dense, of bursting cells, with ``output = "identity"``.
    parameters, stimulus, target, dt
        See :func:`~dendrosim.benchmark.idiomatic.idiomatic_network`. The stimulus is summed once.

    Returns
    -------
    brian2.Network
        Its layers are ``layer_1``, ``layer_2``, ...
    """
    cell = model.cell
    assert isinstance(cell, BurstingCell)
    step = dt * b2.ms
    namespace = {name: getattr(cell, name) * b2.ms for name in ("tau_soma", "tau_basal", "tau_apical", "tau_synapse")}
    namespace |= {"base_rate": cell.base_rate * b2.Hz, "gain": cell.gain * b2.Hz, "K": cell.ensemble}
    namespace |= {"p0": cell.base_probability, "p1": cell.burst_gain}
    # What arrives is read before it decays for the first time; so much keeps the mean of a trace at the rate.
    namespace["jump"] = -float(np.expm1(-dt / cell.tau_synapse)) / (cell.ensemble * step * cell.gain * b2.Hz)
    silent = cell.base_rate / cell.gain  # what events are worth where u = 0
    clock = b2.Clock(step)
    layers, synapses = [], []
    for index, name in enumerate(model.layer_names):
        prediction, more = ("drive + bias", OUTPUT) if name == "output" else ("tanh(drive + bias)", HIDDEN)
        cells = {"method": "exponential_euler", "clock": clock, "namespace": namespace, "name": f"layer_{index + 1}"}
        equations = CELLS.format(prediction=prediction) + more
        layers.append(
            b2.NeuronGroup(model.sizes[index + 1], equations, threshold="singles + bursts > 0", reset="", **cells)
        )
        bias = parameters.bias[name].astype(float)
        if index == 0:
            layers[0].bias = bias + parameters.W[name] @ stimulus
            continue
        below, above = layers[-2:]
        above.drive = silent * parameters.W[name].sum(axis=1)
        above.bias = bias - silent * parameters.W[name].sum(axis=1)
        arrival = {"clock": clock, "namespace": namespace}
        forward = b2.Synapses(
            below, above, "w : 1", on_pre="drive_post += w*(singles_pre + bursts_pre)*jump", **arrival
        )
        errors = "feedback_post += w*(bursts_pre - p0*(singles_pre + bursts_pre))*jump/p1"
        back = b2.Synapses(above, below, "w : 1", on_pre=errors, **arrival)
        for connection, weights in ((forward, parameters.W[name].T), (back, parameters.theta[name])):
            connection.connect()
            connection.w = weights.ravel()
            synapses.append(connection)
    layers[-1].target = target
    return b2.Network(layers, synapses)
