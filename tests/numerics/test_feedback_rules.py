"""Oracle: the algebra of one plain step of each feedback rule."""

from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import (
    convolutional_layers,
    dense_layers,
    feedback,
    networks,
    parameters_of,
    presentations_of,
    small_model,
)

from dendrosim.equilibrium import Network
from dendrosim.equilibrium.maps import map_of
from dendrosim.model import Parameters
from dendrosim.rules import DendriticLocalizedLearning
from dendrosim.training.optimizer import Optimizer

PAPER = {"dll": {"feedback": "paper", "decay": 0.0}}


def plain_step(model, parameters, stimuli, targets, rate):
    """One step of plain ascent with the model's rule; returns the parameters before and after, and δ of each layer."""
    model = model.changed(
        training={"optimizer": "sgd", "learning_rate": rate, "schedule": "constant"},
        rules={"dll": {"feedback": model.rules.dll.feedback, "theta_rate": 1.0, "decay": model.rules.dll.decay}},
    )
    rule = DendriticLocalizedLearning.from_model(model)
    engine, tensors = Network(model), parameters.map(lambda array: torch.from_numpy(array.copy()))
    rule.constrain(engine, tensors)
    state = engine.sweep(tensors, torch.tensor(stimuli))
    output_error = rule.strength * engine.output_error(state, torch.tensor(targets))
    synapses = engine.descend(state, output_error, tensors.theta)
    deltas = {meeting.projection.above: meeting.delta.clone() for meeting in synapses}
    updates = Parameters.collect(rule.updates(engine, tensors, state, torch.tensor(targets)))
    Optimizer(tensors, rule, model, steps=10).step(updates.items())
    return tensors.map(lambda tensor: tensor.numpy()), {name: delta.numpy() for name, delta in deltas.items()}


@settings(max_examples=60, deadline=None)
@given(networks(layers=dense_layers()), st.floats(0.001, 2.0))
def test_a_plain_step_of_the_paper_rule_multiplies_theta_by_one_minus_eta_delta_delta(network, rate):
    model, parameters, stimuli, targets = network
    model = model.changed(rules=PAPER)
    after, deltas = plain_step(model, parameters, stimuli, targets, rate)
    for name, theta in parameters.theta.items():
        delta = deltas[name]
        contraction = np.eye(len(theta)) - rate * delta.T @ delta / len(delta)
        np.testing.assert_allclose(after.theta[name], contraction @ theta, rtol=0, atol=1e-12 * (1 + abs(theta).max()))


@settings(max_examples=60, deadline=None)
@given(networks(layers=dense_layers()), st.floats(0.01, 1.0))
def test_the_norm_of_theta_cannot_grow_under_the_paper_rule_while_eta_delta_squared_is_at_most_one(network, share):
    model, parameters, stimuli, targets = network
    model = model.changed(rules=PAPER)
    _, deltas = plain_step(model, parameters, stimuli, targets, rate=1e-6)
    largest = max(float((delta**2).sum(axis=1).max()) for delta in deltas.values())
    rate = share / max(largest, 1e-6)
    after, _ = plain_step(model, parameters, stimuli, targets, rate)
    for name, theta in parameters.theta.items():
        assert np.linalg.norm(after.theta[name]) <= np.linalg.norm(theta) * (1 + 1e-12)


def test_the_paper_rule_can_grow_theta_beyond_that_bound():
    model = small_model((3, 4, 2), rules=feedback("paper"))
    parameters, (stimuli, targets) = parameters_of(model, 0), presentations_of(model, 1, 0)
    after, _ = plain_step(model, parameters, stimuli, targets, rate=50.0)
    assert np.linalg.norm(after.theta["output"]) > np.linalg.norm(parameters.theta["output"])


@settings(max_examples=30, deadline=None)
@given(networks())
def test_fixed_feedback_does_not_change_by_a_bit(network):
    model, parameters, stimuli, targets = network
    after, _ = plain_step(model.changed(rules=feedback("fixed")), parameters, stimuli, targets, rate=0.5)
    for name, theta in parameters.theta.items():
        np.testing.assert_array_equal(after.theta[name], theta)


@pytest.mark.parametrize("decay", [0.0, 0.1])
def test_kolen_pollack_shrinks_the_difference_between_theta_and_w_by_the_decay_alone(decay):
    model = small_model(rules={"dll": {"feedback": "kolen-pollack", "decay": decay, "theta_rate": 1.0}})
    parameters, (stimuli, targets) = parameters_of(model, 2), presentations_of(model, 3, 2)
    after, _ = plain_step(model, parameters, stimuli, targets, rate=0.3)
    for name, theta in parameters.theta.items():
        before = theta - parameters.W[name]
        np.testing.assert_allclose(after.theta[name] - after.W[name], (1 - 0.3 * decay) * before, rtol=0, atol=1e-14)


def test_the_strength_of_a_nudging_teacher_scales_every_error():
    whole, half = small_model(), small_model(teacher={"kind": "nudged", "strength": 0.5})
    parameters, (stimuli, targets) = parameters_of(whole, 1), presentations_of(whole, 2, 1)
    _, deltas = plain_step(whole, parameters, stimuli, targets, 0.1)
    _, halved = plain_step(half, parameters, stimuli, targets, 0.1)
    for name, delta in deltas.items():
        np.testing.assert_allclose(halved[name], delta / 2, rtol=1e-12)


@settings(max_examples=40, deadline=None)
@given(networks(layers=convolutional_layers()), st.floats(0.01, 0.5))
def test_the_paper_rule_descends_the_squared_error_that_theta_itself_feeds_back(network, rate):
    model, parameters, stimuli, targets = network
    model = model.changed(rules=PAPER)
    after, deltas = plain_step(model, parameters, stimuli, targets, rate)
    thetas = {name: torch.from_numpy(theta).requires_grad_() for name, theta in parameters.theta.items()}
    fed_back = Counter()  # by layer, from all connections above it
    for connection in model.connections:
        if connection.has_feedback:
            delta = torch.from_numpy(deltas[connection.above])
            part = map_of(connection).adjoint(thetas[connection.name], delta)
            fed_back[connection.below] = fed_back[connection.below] + part
    sum(error.square().sum() / 2 / len(stimuli) for error in fed_back.values()).backward()
    for name, theta in thetas.items():
        wanted = theta.detach().numpy() - rate * theta.grad.numpy()
        np.testing.assert_allclose(after.theta[name], wanted, rtol=0, atol=1e-12 * (1 + abs(wanted).max()))


def test_the_released_sign_moves_theta_against_the_published_one_and_keeps_its_norm():
    released = small_model((6, 5, 4, 3), rules={"dll": {"feedback": "released", "theta_rate": 1.0}})
    paper = small_model((6, 5, 4, 3), rules=feedback("paper"))
    parameters, (stimuli, targets) = parameters_of(released, 4), presentations_of(released, 3, 4)
    for connection in released.connections:
        if connection.has_feedback:  # exactly the norm that the rule keeps
            theta = parameters.theta[connection.name]
            parameters.theta[connection.name] = theta * np.sqrt(theta.size / connection.fan_out) / np.linalg.norm(theta)
    up, _ = plain_step(released, parameters, stimuli, targets, rate=0.1)
    down, _ = plain_step(paper, parameters, stimuli, targets, rate=0.1)
    for name, theta in parameters.theta.items():
        np.testing.assert_allclose(up.theta[name] - theta, theta - down.theta[name], rtol=0, atol=1e-14)
    after, _ = plain_step(released, up, stimuli, targets, rate=1e-12)
    for name, theta in parameters.theta.items():
        assert np.linalg.norm(up.theta[name]) > 1.001 * np.linalg.norm(theta)
        np.testing.assert_allclose(np.linalg.norm(after.theta[name]), np.linalg.norm(theta), rtol=1e-9)


def test_feedback_weights_that_are_drawn_as_zero_silence_all_hidden_errors():
    model = small_model((6, 5, 4, 3), rules={"dll": {"feedback": "fixed", "theta_deviation": 0.0}})
    parameters = Parameters.initialise(model, 0)
    _, deltas = plain_step(model, parameters.map(np.float64), *presentations_of(model, 3, 4), rate=0.1)
    assert not any(deltas[layer].any() for layer in ("hidden-1", "hidden-2"))
    assert deltas["output"].any()
