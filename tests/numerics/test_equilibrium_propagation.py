"""Oracle: finite differences of the loss at the free equilibrium, which the rule never sees."""

import pytest
import torch
from hypothesis import HealthCheck, assume, given, settings
from networks import convolutional_layers, dense_layers, networks, parameters_of, presentations_of, small_model

from dendrosim.equilibrium import Network
from dendrosim.errors import ModelError
from dendrosim.model import Parameters, load_model
from dendrosim.rules import EquilibriumPropagation
from dendrosim.training import train
from dendrosim.training.optimizer import Optimizer

STEP = 1e-4


def rule_with(nudge, gain=0.2, feedback="symmetric"):
    return EquilibriumPropagation(200, 200, nudge, gain, feedback)


def estimate(rule, engine, parameters, stimuli, targets):
    updates = rule.updates(engine, parameters, rule.infer(engine, parameters, stimuli), targets)
    return {name: direction.clone() for name, direction in updates}


def slope(rule, engine, parameters, stimuli, targets, along):
    """Change of the loss at the free equilibrium with the parameters, in one direction."""

    def loss(distance):
        moved = Parameters.collect((name, tensor + distance * along[name]) for name, tensor in parameters.items())
        return float(engine.loss(engine.output(rule.infer(engine, moved, stimuli)), targets))

    return (8 * (loss(STEP) - loss(-STEP)) - (loss(2 * STEP) - loss(-2 * STEP))) / (12 * STEP)


@pytest.mark.parametrize("layers", [dense_layers(), convolutional_layers()], ids=["dense", "convolutional"])
def test_the_estimate_tends_to_the_gradient_with_the_square_of_the_nudge(layers):
    @settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
    @given(networks(layers=layers))
    def check(network):
        model, parameters, stimuli, targets = network
        assume(model.activation in ("tanh", "sigmoid") and len(model.layer_names) > 1)
        # Choices of a max pool that change between two nearby networks have no slope.
        assume(not any(layer.kind == "max-pool" for layer in model.layers))
        engine, parameters = Network(model), parameters.map(lambda array: torch.from_numpy(array) / 2)
        stimuli, targets = torch.tensor(stimuli), torch.tensor(targets)
        generator = torch.Generator().manual_seed(0)
        along = {
            name: torch.randn(tensor.shape, generator=generator, dtype=tensor.dtype)
            for name, tensor in parameters.items()
        }
        wanted = -slope(rule_with(0.1), engine, parameters, stimuli, targets, along)
        errors = {}
        for nudge in (0.2, 0.1, 0.05):
            found = estimate(rule_with(nudge), engine, parameters, stimuli, targets)
            errors[nudge] = sum(float((found[name] * along[name]).sum()) for name in found) - wanted
        assert abs(errors[0.05]) < 0.01 * (1 + abs(wanted))
        noise = 1e-9 * (1 + abs(wanted))
        assert abs(errors[0.05]) < abs(errors[0.1]) / 3 + noise
        assert abs(errors[0.1]) < abs(errors[0.2]) / 3 + noise

    check()


@settings(max_examples=20, deadline=None)
@given(networks(layers=dense_layers()))
def test_separate_feedback_equal_to_the_forward_weights_is_symmetric_feedback(network):
    model, parameters, stimuli, targets = network
    engine, stimuli, targets = Network(model), torch.tensor(stimuli), torch.tensor(targets)
    tensors = parameters.map(torch.from_numpy)
    tied = Parameters(tensors.W, tensors.bias, {name: tensors.W[name] for name in tensors.theta})
    rules = [EquilibriumPropagation(5, 4, 0.3, 0.1, feedback) for feedback in ("symmetric", "separate")]
    symmetric, separate = (estimate(rule, engine, tied, stimuli, targets) for rule in rules)
    for name, direction in symmetric.items():
        assert torch.equal(separate[name], direction), name
    for name in tied.theta:
        assert torch.equal(separate[f"{name}.theta"], separate[f"{name}.W"])


@pytest.mark.parametrize(("feedback", "kept"), [("separate", 1 - 0.5 * 0.1), ("symmetric", 1.0)])
def test_only_separate_feedback_approaches_the_forward_weights_by_its_decay(feedback, kept):
    model = small_model(training={"optimizer": "sgd", "learning_rate": 0.5, "schedule": "constant"})
    engine, parameters = Network(model), parameters_of(model, 0).map(torch.from_numpy)
    stimuli, targets = (torch.from_numpy(array) for array in presentations_of(model, 3, 0))
    rule, before = rule_with(0.3, 0.1, feedback), parameters.map(torch.clone)
    updates = estimate(rule, engine, parameters, stimuli, targets)
    Optimizer(parameters, rule, model, steps=10).step(iter(updates.items()))
    for name, theta in parameters.theta.items():
        torch.testing.assert_close(
            parameters.W[name], kept * before.W[name] + 0.5 * updates[f"{name}.W"], rtol=0, atol=1e-14
        )
        if feedback == "separate":
            apart = before.theta[name] - before.W[name]
            torch.testing.assert_close(theta - parameters.W[name], kept * apart, rtol=0, atol=1e-14)
        else:
            assert torch.equal(theta, before.theta[name])


def test_more_steps_do_not_move_the_free_equilibrium_of_a_network_with_pools():
    model = load_model("digits-cnn")
    engine, parameters = (
        Network(model),
        Parameters.initialise(model, 0).map(lambda array: torch.from_numpy(array).double()),
    )
    stimuli = torch.rand((4, *model.input), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    states = [EquilibriumPropagation(steps, 1, 0.5, 0.1, "symmetric") for steps in (30, 31)]
    first, second = (rule.infer(engine, parameters, stimuli) for rule in states)
    for name, potential in first.basal.items():
        torch.testing.assert_close(second.basal[name], potential, rtol=0, atol=1e-10)


def test_a_recurrent_network_is_refused():
    with pytest.raises(ModelError, match="'equilibrium-propagation' has no form for recurrent networks"):
        EquilibriumPropagation.from_model(load_model("reber-rnn"))


@pytest.mark.parametrize(
    ("name", "feedback", "wanted"),
    [("digits-mlp", "symmetric", 0.93), ("digits-mlp", "separate", 0.89), ("digits-cnn", "symmetric", 0.82)],
)
def test_five_epochs_on_digits_reach_what_is_promised(name, feedback, wanted):
    model = load_model(name).changed(
        training={"rule": "equilibrium-propagation", "epochs": 5},
        rules={"equilibrium_propagation": {"feedback": feedback}},
    )
    assert train(model, seed=0).test_accuracy >= wanted
