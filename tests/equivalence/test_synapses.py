"""Oracle: the same network in idiomatic Brian2, with all-to-all Synapses and summed variables."""

import brian2 as b2
import numpy as np
from networks import parameters_of, presentations_of, small_model

from dendrosim.circuit import Circuit
from dendrosim.recording import Record

HIDDEN = """
dbasal/dt = (tanh(drive + bias) - basal)/tau_basal : 1
dapical/dt = (feedback - apical)/tau_apical : 1
dsoma/dt = (basal + apical - soma)/tau_soma : 1
delta = (soma - basal)*(1 - tanh(drive + bias)**2) : 1
drive : 1
feedback : 1
bias : 1
"""
OUTPUT = """
dbasal/dt = (drive + bias - basal)/tau_basal : 1
delta = target - basal : 1
drive : 1
bias : 1
target : 1
"""


def idiomatic(model, parameters, stimulus, target, dt, duration):
    """Simulate one presentation with Synapses; return the layers."""
    taus = {name: getattr(model.cell, name) * b2.ms for name in ("tau_soma", "tau_basal", "tau_apical")}
    b2.prefs.codegen.target = "numpy"
    clock = b2.Clock(dt * b2.ms)
    layers = [b2.NeuronGroup(model.sizes[0], "basal : 1", clock=clock)]
    layers[0].basal = stimulus
    synapses = []
    for index, name in enumerate(model.layer_names):
        equations = OUTPUT if name == "output" else HIDDEN
        layers.append(
            b2.NeuronGroup(
                model.sizes[index + 1], equations, method="exponential_euler", clock=clock, namespace=taus, order=index
            )
        )
        layers[-1].bias = parameters.bias[name]
        forward = b2.Synapses(layers[-2], layers[-1], "w : 1\ndrive_post = w*basal_pre : 1 (summed)", clock=clock)
        forward.connect()
        forward.w = parameters.W[name].T.ravel()
        synapses.append(forward)
        if index > 0:
            back = b2.Synapses(layers[-1], layers[-2], "w : 1\nfeedback_post = w*delta_pre : 1 (summed)", clock=clock)
            back.connect()
            back.w = parameters.theta[name].ravel()
            synapses.append(back)
    layers[-1].target = target
    b2.Network(layers, synapses).run(duration * b2.ms, namespace={})
    return layers


def states(layers):
    return np.concatenate([np.array(getattr(g, v)) for g in layers[1:-1] for v in ("basal", "apical", "soma")])


def test_the_fixed_point_and_the_way_to_it_equal_those_of_all_to_all_synapses():
    model = small_model((5, 4, 3, 2), output="identity")
    parameters, (stimuli, targets) = parameters_of(model, 11), presentations_of(model, 1, 11)
    circuit = Circuit(model, parameters, dt=0.02)
    for duration, tolerance in ((7.0, 0.01), (400.0, 1e-10)):
        layers = idiomatic(model, parameters, stimuli[0], targets[0], 0.02, duration)
        recording = circuit.relax(
            stimuli, targets, record=Record(("basal", "apical", "soma"), interval=0.02), tolerance=1e-12
        )
        sample = recording.dataset.sel(time=min(duration, float(recording.dataset.time[-1])), method="nearest")
        ours = [
            sample[variable].isel(presentation=0).values[(recording.dataset["layer"] == layer).values]
            for layer in ("hidden-1", "hidden-2")
            for variable in ("basal", "apical", "soma")
        ]
        # On the way, the two schedules differ by one step of lag; at the fixed point they must not differ.
        np.testing.assert_allclose(np.concatenate(ours), states(layers), rtol=0, atol=tolerance)
