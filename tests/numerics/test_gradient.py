"""Oracle: autograd, in float64."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from networks import networks, parameters_of, presentations_of, small_model
from torch.nn import functional

from dendrosim.equilibrium import Network
from dendrosim.model import ACTIVATIONS, Parameters
from dendrosim.rules import Backpropagation, DendriticLocalizedLearning
from dendrosim.rules.dll import FEEDBACK
from dendrosim.training.gradient import gradient_angles


def drive_of_the_output(model, parameters, stimuli):
    """The network written out once more, layer by layer, in plain torch."""
    activation, activity, number = ACTIVATIONS[model.activation], stimuli, 0
    for index, layer in enumerate(model.layers):
        if layer.kind in ("max-pool", "average-pool"):
            pool = functional.max_pool2d if layer.kind == "max-pool" else functional.avg_pool2d
            maps = activity if isinstance(activity, list) else [activity]
            activity = [pool(each, each.shape[2:] if layer.size == "all" else layer.size) for each in maps]
            activity = activity if len(maps) > 1 else activity[0]
            continue
        number += 1
        if layer.kind == "branches":
            names = [f"hidden-{number}-branch-{branch}" for branch in range(1, len(layer.layers) + 1)]
            drives = [
                functional.conv2d(activity, parameters.W[each], parameters.bias[each], padding=branch.padding)
                for each, branch in zip(names, layer.layers, strict=True)
            ]
            activity, below = [activation.value(torch, drive) for drive in drives], names
            continue
        name = "output" if index == len(model.layers) - 1 else f"hidden-{number}"
        if isinstance(activity, list):
            # Joining side by side what the network keeps in one matrix a branch.
            joined = [f"{name}-from-{branch}" for branch in below]
            W, bias = torch.cat([parameters.W[each] for each in joined], dim=1), parameters.bias[joined[0]]
            activity = torch.cat([each.flatten(1) for each in activity], dim=1)
        else:
            W, bias = parameters.W[name], parameters.bias[name]
        if layer.kind == "conv2d":
            drive = functional.conv2d(activity, W, bias, padding=layer.padding)
        elif layer.kind == "recurrent":
            state, states = torch.zeros(len(stimuli), layer.units, dtype=torch.float64), []
            for step in range(stimuli.shape[1]):
                drive = activity[:, step] @ W.T + bias + state @ parameters.W[f"{name}-recurrent"].T
                state = activation.value(torch, drive)
                states.append(state)
            activity = torch.stack(states, dim=1)
            continue
        else:
            flat = activity.flatten(1) if activity.ndim == 4 else activity
            drive = flat @ W.T + bias
        activity = activation.value(torch, drive)
    return drive


def gradients(network, parameters, stimuli, targets):
    """Autograd's gradient of the mean loss."""
    leaves = parameters.map(lambda tensor: tensor.clone().requires_grad_())
    drive = drive_of_the_output(network.model, leaves, stimuli)
    if network.model.loss == "cross-entropy":
        loss = functional.cross_entropy(drive.flatten(0, -2), targets.flatten(0, -2))
    else:
        loss = ((targets - drive) ** 2).sum(dim=-1).mean() / 2
    loss.backward()
    return leaves.map(lambda leaf: leaf.grad)


def assert_negative_gradient(updates, wanted):
    for kind in ("W", "bias"):
        for name, gradient in getattr(wanted, kind).items():
            scale = float(gradient.abs().max())
            torch.testing.assert_close(getattr(updates, kind)[name], -gradient, rtol=0, atol=1e-12 * max(scale, 1e-3))


@settings(max_examples=100, deadline=None)
@given(networks())
def test_backpropagation_is_the_negative_gradient(network):
    model, parameters, stimuli, targets = network
    parameters, stimuli, targets = parameters.map(torch.from_numpy), torch.tensor(stimuli), torch.tensor(targets)
    engine = Network(model)
    state = engine.sweep(parameters, stimuli)
    updates = Parameters.collect(Backpropagation().updates(engine, parameters, state, targets))
    assert_negative_gradient(updates, gradients(engine, parameters, stimuli, targets))
    assert not updates.theta


@settings(max_examples=100, deadline=None)
@given(networks())
def test_dll_with_feedback_equal_to_the_forward_weights_is_the_negative_gradient(network):
    model, parameters, stimuli, targets = network
    parameters, stimuli, targets = parameters.map(torch.from_numpy), torch.tensor(stimuli), torch.tensor(targets)
    symmetric = Parameters(parameters.W, parameters.bias, {name: parameters.W[name] for name in parameters.theta})
    engine = Network(model)
    rule = DendriticLocalizedLearning(FEEDBACK[model.rules.dll.feedback])
    updates = Parameters.collect(rule.updates(engine, symmetric, engine.sweep(symmetric, stimuli), targets))
    assert_negative_gradient(updates, gradients(engine, parameters, stimuli, targets))


@pytest.mark.parametrize("name", list(ACTIVATIONS))
def test_every_activation_states_its_own_slope(name):
    activation = ACTIVATIONS[name]
    drive = torch.linspace(-3, 3, 61, dtype=torch.float64)[1:] - 0.013
    drive.requires_grad_()
    activity = activation.value(torch, drive)
    activity.sum().backward()
    torch.testing.assert_close(activation.derivative(torch, activity.detach()), drive.grad, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_softplus_neither_overflows_nor_loses_its_slope(dtype):
    drive = torch.tensor([-80.0, -20.0, -1.0, 0.0, 1.0, 20.0, 89.0, 710.0, 1e4], dtype=dtype)
    softplus = ACTIVATIONS["softplus"]
    activity = softplus.value(torch, drive)
    wanted = torch.logaddexp(drive.double(), torch.zeros(()).double())
    torch.testing.assert_close(activity.double(), wanted, rtol=4 * torch.finfo(dtype).eps, atol=0)
    slope = softplus.derivative(torch, activity).double()
    torch.testing.assert_close(slope, torch.sigmoid(drive.double()), rtol=8 * torch.finfo(dtype).eps, atol=0)
    numpy = softplus.value(np, drive.numpy())
    np.testing.assert_allclose(numpy, activity.numpy(), rtol=4 * torch.finfo(dtype).eps)


@pytest.mark.parametrize("output", ["softmax", "identity"])
def test_the_loss_of_a_network_is_the_one_its_output_error_descends(output):
    model = small_model(output=output)
    stimuli, targets = map(torch.tensor, presentations_of(model, 3, 0))
    engine, parameters = Network(model), parameters_of(model, 0).map(torch.from_numpy)
    drive = drive_of_the_output(model, parameters, stimuli)
    error = engine.output_error(engine.sweep(parameters, stimuli), targets)

    def loss(step):
        return float(engine.loss(engine.potential("output", drive + step * error), targets))

    losses = [loss(step) for step in (0.0, 0.1, 0.2, 0.5)]
    assert losses == sorted(losses, reverse=True)
    assert losses[0] > losses[-1] + 0.1
    steepest = -float((error**2).sum(dim=-1).mean())  # the mean loss falls by ⟨‖error‖²⟩ for each step along the error
    assert (loss(1e-5) - loss(-1e-5)) / 2e-5 == pytest.approx(steepest, rel=1e-8)
    assert float(engine.loss(targets, targets)) == pytest.approx(0, abs=1e-12)


@settings(max_examples=20, deadline=None)
@given(networks())
def test_the_angle_to_the_gradient_is_zero_with_transported_weights(network):
    model, parameters, stimuli, targets = network
    engine, tensors = Network(model), parameters.map(torch.from_numpy)
    tied = Parameters(tensors.W, tensors.bias, {name: tensors.W[name] for name in tensors.theta})
    rule, presented = (
        DendriticLocalizedLearning(FEEDBACK["kolen-pollack"]),
        (torch.tensor(stimuli), torch.tensor(targets)),
    )
    angles = gradient_angles(rule, engine, tied, *presented)
    gradient = dict(Backpropagation().updates(engine, tensors, engine.sweep(tensors, presented[0]), presented[1]))
    hidden = [connection.name for connection in model.connections if connection.above != "output"]
    assert set(angles) == {name for name in hidden if gradient[f"{name}.W"].any()}
    assert all(angle < 1e-4 for angle in angles.values())


def test_layers_that_do_not_learn_have_no_angle_to_the_gradient():
    model, rule = small_model((5, 4, 3, 2)), DendriticLocalizedLearning(FEEDBACK["fixed"])
    parameters = parameters_of(model, 0).map(torch.from_numpy)
    presented = [torch.from_numpy(array) for array in presentations_of(model, 3, 0)]
    assert set(gradient_angles(rule, Network(model), parameters, *presented)) == {"hidden-1", "hidden-2"}
    parameters.theta["hidden-2"].zero_()
    assert set(gradient_angles(rule, Network(model), parameters, *presented)) == {"hidden-2"}
