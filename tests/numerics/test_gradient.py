"""Oracle: autograd, in float64."""

import pytest
import torch
from hypothesis import given, settings
from networks import networks

from dendrosim.equilibrium import Network
from dendrosim.model import ACTIVATIONS, Parameters
from dendrosim.rules import Backpropagation, DendriticLocalizedLearning


def gradients(network, parameters, stimuli, targets):
    """Autograd's gradient of the mean loss, computed from the drives so that the loss itself is differentiated."""
    leaves = parameters.map(lambda tensor: tensor.clone().requires_grad_())
    activity = stimuli
    for name in network.names:
        drive = activity @ leaves.W[name].T + leaves.bias[name]
        activity = ACTIVATIONS[network.model.activation].function(torch, drive)
    if network.model.loss == "cross-entropy":
        loss = torch.nn.functional.cross_entropy(drive, targets)
    else:
        loss = ((targets - drive) ** 2).sum(dim=1).mean() / 2
    loss.backward()
    return leaves.map(lambda leaf: leaf.grad)


def assert_negative_gradient(updates, wanted):
    for kind in ("W", "bias"):
        for name, gradient in getattr(wanted, kind).items():
            scale = float(gradient.abs().max())
            torch.testing.assert_close(getattr(updates, kind)[name], -gradient, rtol=0, atol=1e-12 * max(scale, 1e-3))


@settings(max_examples=60, deadline=None)
@given(networks())
def test_backpropagation_is_the_negative_gradient(network):
    model, parameters, stimuli, targets = network
    parameters, stimuli, targets = parameters.map(torch.from_numpy), torch.tensor(stimuli), torch.tensor(targets)
    engine = Network(model)
    state = engine.sweep(parameters, stimuli)
    updates = Backpropagation().updates(engine, parameters, state, targets)
    assert_negative_gradient(updates, gradients(engine, parameters, stimuli, targets))
    assert not updates.theta


@settings(max_examples=60, deadline=None)
@given(networks())
def test_dll_with_feedback_equal_to_the_forward_weights_is_the_negative_gradient(network):
    model, parameters, stimuli, targets = network
    parameters, stimuli, targets = parameters.map(torch.from_numpy), torch.tensor(stimuli), torch.tensor(targets)
    symmetric = Parameters(parameters.W, parameters.bias, {name: parameters.W[name] for name in parameters.theta})
    engine = Network(model)
    rule = DendriticLocalizedLearning(model.rules.dll.feedback)
    updates = rule.updates(engine, symmetric, engine.sweep(symmetric, stimuli), targets)
    assert_negative_gradient(updates, gradients(engine, parameters, stimuli, targets))


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_every_activation_states_its_own_slope(name):
    activation = ACTIVATIONS[name]
    drive = torch.linspace(-3, 3, 61, dtype=torch.float64)[1:] - 0.013
    drive.requires_grad_()
    activity = activation.function(torch, drive)
    activity.sum().backward()
    torch.testing.assert_close(activation.slope(torch, activity.detach()), drive.grad, rtol=1e-12, atol=1e-14)


def test_the_loss_of_a_network_is_the_one_its_output_error_descends():
    from networks import parameters_of, presentations_of, small_model

    for output in ("softmax", "identity"):
        model = small_model(output=output)
        stimuli, targets = map(torch.tensor, presentations_of(model, 3, 0))
        engine = Network(model)
        state = engine.sweep(parameters_of(model, 0).map(torch.from_numpy), stimuli)
        assert float(engine.loss(state.output, targets)) > 0
        assert float(engine.loss(targets, targets)) == pytest.approx(0, abs=1e-12)
