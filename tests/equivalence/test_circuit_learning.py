"""Oracle: the equilibrium update. What a circuit learns by itself is what the rule asks for."""

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from networks import convolution, dense, feedback, model_of, networks, parameters_of, presentations_of, small_model

from dendrosim.circuit import Circuit
from dendrosim.equilibrium import Network
from dendrosim.rules import DendriticLocalizedLearning

RATE = 0.01


def wanted(model, parameters, stimuli, targets):
    """What a step of the learning rate changes, divided by it: update, decay, and Θ at the norm that a rule keeps."""
    tensors, engine = parameters.map(lambda array: torch.from_numpy(array.copy())), Network(model)
    rule = DendriticLocalizedLearning.from_model(model)
    rule.constrain(engine, tensors)
    state = engine.sweep(tensors, torch.tensor(stimuli))
    before, after = dict(tensors.map(torch.clone).items()), dict(tensors.items())
    for name, update in rule.updates(engine, tensors.map(torch.clone), state, torch.tensor(targets)):
        after[name] += RATE * (update - (0 if name.endswith(".bias") else rule.decay * before[name]))
    rule.constrain(engine, tensors)
    return {name: ((after[name] - torch.from_numpy(array)) / RATE).numpy() for name, array in parameters.items()}


def learned_in_one_slot(model, parameters, stimuli, targets, target="numpy", integrator="settle", **plasticity):
    """What one presentation of all samples side by side changes, divided by the learning rate."""
    settings = {"streams": len(stimuli), "epochs": 1, "schedule": "constant", "learning_rate": RATE, "theta_rate": 1.0}
    model = model.changed(plasticity=settings | plasticity)
    circuit = Circuit(model, parameters, target, integrator=integrator)
    circuit.learn(stimuli, targets)
    rate = model.plasticity.learning_rate
    return {name: (array - dict(parameters.items())[name]) / rate for name, array in circuit.parameters.items()}


def largest_difference(changes, updates):
    scale = max(np.abs(array).max() for array in updates.values())
    return max(np.abs(change - updates[name]).max() for name, change in changes.items()) / scale


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(networks())
def test_at_convergence_a_circuit_changes_its_weights_by_the_equilibrium_update(network):
    changes = learned_in_one_slot(*network, mode="at-convergence")
    assert largest_difference(changes, wanted(*network)) < 1e-5


@pytest.mark.parametrize(
    "rule", [*(pytest.param(each, marks=pytest.mark.slow) for each in ("paper", "fixed")), "kolen-pollack"]
)
def test_continuous_change_over_a_long_presentation_at_a_small_rate_tends_to_the_equilibrium_update(rule):
    model = small_model((5, 4, 3, 2), rules=feedback(rule))
    network = (model, parameters_of(model, 3), *presentations_of(model, 1, 3))
    updates = wanted(*network)
    long, longer = (
        largest_difference(
            learned_in_one_slot(
                *network, integrator="exponential_euler", mode="continuous", presentation_time=time, learning_rate=1e-6
            ),
            updates,
        )
        for time in (2000.0, 4000.0)
    )
    # What is missing is the transient at the beginning, a fixed time out of the presentation.
    assert longer < 0.03
    assert longer / long == pytest.approx(0.5, abs=0.03)


def test_plasticity_does_not_wait_for_convergence():
    model = small_model()
    network = (model, parameters_of(model, 3), *presentations_of(model, 1, 3))
    changes = learned_in_one_slot(
        *network, integrator="exponential_euler", mode="continuous", presentation_time=2.0, learning_rate=1e-3
    )
    assert np.abs(changes["output.W"]).max() > 0  # after 2 ms nothing has settled


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["continuous", pytest.param("at-convergence", marks=pytest.mark.slow)])
def test_the_compiled_circuit_learns_the_same_weights_as_numpy(mode):
    layers = [convolution(2, 3, 1), {"kind": "max-pool", "size": 2}, convolution(3, 2), dense(3)]
    pooled = model_of([1, 6, 6], layers, rules=feedback("paper"))
    recurrent = model_of([3, 2], [{"kind": "recurrent", "units": 3}, dense(2)])
    for model in (pooled, recurrent):
        parameters, (stimuli, targets) = parameters_of(model, 5), presentations_of(model, 4, 5)
        plasticity = {"streams": 2, "mode": mode, "presentation_time": 10.0, "epochs": 2, "decay": 0.1}
        numpy, compiled = (
            learned_in_one_slot(model, parameters, stimuli, targets, target, "exponential_euler", **plasticity)
            for target in ("numpy", "cpp_standalone")
        )
        for name, change in numpy.items():
            np.testing.assert_allclose(compiled[name], change, rtol=0, atol=1e-10)
            assert np.abs(change).max() > 0
