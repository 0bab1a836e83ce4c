"""Oracles: autograd, of the energy that predictive coding descends, and the closed form of a linear network."""

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from networks import convolutional_layers, dense_layers, networks, parameters_of, presentations_of, small_model

from dendrosim.equilibrium import Network
from dendrosim.model import Parameters, load_model
from dendrosim.rules import Backpropagation, PredictiveCoding
from dendrosim.training import train


def tensors_of(network):
    model, parameters, stimuli, targets = network
    return Network(model), parameters.map(torch.from_numpy), torch.tensor(stimuli), torch.tensor(targets)


def energy(engine, parameters, state, targets):
    """Half the squared prediction errors of the hidden layers, plus the loss: what inference should lower."""
    predictions = engine.predict(parameters, state, engine.model.layer_names)
    hidden = engine.model.layer_names[:-1]
    squared = sum((state.basal[layer] - predictions[layer]).square().sum() for layer in hidden)
    share = targets.numel() // targets.shape[-1]
    return squared / 2 + share * engine.loss(engine.by_step(predictions["output"]), targets)


def learned_by(rule, engine, parameters, state, targets):
    """Return the updates of a rule, and the potentials that it has inferred when its weights learn last."""
    seen, original = [], rule._errors
    rule._errors = lambda *given: (seen.append(given[1]), original(*given))[1]
    updates = Parameters.collect(rule.updates(engine, parameters, state, targets))
    return updates, seen[-1].basal


@settings(max_examples=60, deadline=None)
@given(networks(), st.integers(1, 5))
def test_every_step_of_inference_goes_down_the_gradient_of_the_energy(network, steps):
    engine, parameters, stimuli, targets = tensors_of(network)
    state, rate = engine.sweep(parameters, stimuli), 0.1
    hidden = engine.model.layer_names[:-1]
    wanted = dict(state.basal)
    for _ in range(steps if hidden else 0):
        leaves = {name: potential.detach().requires_grad_(name in hidden) for name, potential in wanted.items()}
        energy(engine, parameters, type(state)(leaves, {}), targets).backward()
        wanted |= {name: leaves[name].detach() - rate * leaves[name].grad for name in hidden}
    rule = PredictiveCoding("standard", iterations=steps, rate=rate)
    _, found = learned_by(rule, engine, parameters, state, targets)
    for layer in hidden:
        largest = float(wanted[layer].abs().max())
        torch.testing.assert_close(found[layer], wanted[layer], rtol=0, atol=1e-12 * (1 + largest))


def test_a_layer_that_the_error_has_not_reached_is_not_predicted_again():
    model = small_model((5, 4, 3, 3, 2))
    engine, parameters = Network(model), parameters_of(model, 0).map(torch.from_numpy)
    stimuli, targets = (torch.tensor(array) for array in presentations_of(model, 4, 0))
    state, counted, original = engine.sweep(parameters, stimuli), [], engine.predict
    engine.predict = lambda *given: (counted.append(set(given[2])), original(*given))[1]
    list(PredictiveCoding("standard", iterations=4, rate=0.1).updates(engine, parameters, state, targets))
    assert counted == [{"output"}, {"hidden-3", "output"}, *[{"hidden-2", "hidden-3", "output"}] * 2]


@settings(max_examples=40, deadline=None)
@given(networks())
def test_the_update_is_the_negative_gradient_of_the_energy_at_the_inferred_potentials(network):
    engine, parameters, stimuli, targets = tensors_of(network)
    state, rule = engine.sweep(parameters, stimuli), PredictiveCoding("standard", iterations=3, rate=0.1)
    updates, inferred = learned_by(rule, engine, parameters, state, targets)
    leaves = parameters.map(lambda tensor: tensor.clone().requires_grad_())
    energy(engine, leaves, type(state)(inferred, {}), targets).backward()
    share = targets.numel() // targets.shape[-1]
    for kind in ("W", "bias"):
        for name, update in getattr(updates, kind).items():
            conv = engine.model.steps == 1  # means are over presentations, and along a sequence over steps too
            wanted = -getattr(leaves, kind)[name].grad / (len(targets) if conv else share)
            torch.testing.assert_close(update, wanted, rtol=0, atol=1e-12 * (1 + float(wanted.abs().max())))


def test_a_linear_network_settles_to_the_closed_form_of_its_errors():
    model = small_model((6, 5, 4, 3), activation="identity", output="identity")
    engine, parameters, stimuli, targets = tensors_of((model, parameters_of(model, 3), *presentations_of(model, 4, 3)))
    state = engine.sweep(parameters, stimuli)
    found = Parameters.collect(PredictiveCoding("standard", 2000, 0.1).updates(engine, parameters, state, targets))
    # Every error reaches the output through the weights above it: r = (1 + W₃W₃ᵀ + W₃W₂W₂ᵀW₃ᵀ) ε₃.
    second, third = parameters.W["hidden-2"], parameters.W["output"]
    through = third @ second
    covariance = torch.eye(3, dtype=torch.float64) + third @ third.T + through @ through.T
    output_error = torch.linalg.solve(covariance, (targets - engine.output(state)).T)
    wanted = (through.T @ output_error) @ stimuli / len(stimuli)
    torch.testing.assert_close(found.W["hidden-1"], wanted, rtol=0, atol=1e-12)


def gradient_of(engine, parameters, state, targets):
    return Parameters.collect(Backpropagation().updates(engine, parameters, state, targets))


def distance(found, wanted):
    pairs = [(update, dict(wanted.items())[name]) for name, update in found.items()]
    return float(sum((a - b).square().sum() for a, b in pairs)) ** 0.5


@settings(max_examples=40, deadline=None)
@given(networks())
def test_at_fixed_predictions_the_errors_settle_to_backpropagation_whatever_the_nudge(network):
    engine, parameters, stimuli, targets = tensors_of(network)
    state, depth = engine.sweep(parameters, stimuli), len(engine.model.layer_names)
    for nudge in (1.0, 0.1):
        # With γ = 1 an error is whole one step after those above it; through time, after those of later steps.
        rule = PredictiveCoding("fixed-prediction", depth * engine.model.steps + 1, 1.0, nudge)
        found = Parameters.collect(rule.updates(engine, parameters, state, targets))
        wanted = gradient_of(engine, parameters, state, targets)
        assert dict(found.items()).keys() == dict(wanted.items()).keys()
        for name, update in wanted.items():
            given_out = dict(found.items())[name]
            torch.testing.assert_close(given_out, update, rtol=0, atol=1e-10 * (1 + float(update.abs().max())))


@pytest.mark.parametrize(("variant", "falls"), [("standard", 2.0), ("centred", 4.0)])
@pytest.mark.parametrize("layers", [dense_layers(), convolutional_layers()], ids=["dense", "convolutional"])
def test_a_smaller_nudge_comes_to_backpropagation_with_its_first_power_or_centred_with_its_square(
    variant, falls, layers
):
    @settings(max_examples=8, deadline=None)
    @given(networks(layers=layers))
    def check(network):
        engine, parameters, stimuli, targets = tensors_of(network)
        # A smooth activation; what a max pool chooses must not change on the way.
        assume(engine.model.activation in ("tanh", "sigmoid") and len(engine.model.layer_names) > 1)
        assume(not any(layer.kind == "max-pool" for layer in engine.model.layers))
        parameters = parameters.map(lambda tensor: tensor / 2)
        state = engine.sweep(parameters, stimuli)
        wanted = gradient_of(engine, parameters, state, targets)

        def found(nudge, iterations=150):
            rule = PredictiveCoding(variant, iterations, 0.4, nudge)
            return Parameters.collect(rule.updates(engine, parameters, state, targets))

        # Where many paths lead to a layer, a step of 0.4 may be too long for inference to settle.
        assume(distance(found(0.1, 170), found(0.1)) < 1e-7)
        errors = [distance(found(nudge), wanted) for nudge in (0.1, 0.05)]
        assert errors[1] < 1.2 * errors[0] / falls + 1e-7

    check()


def test_incremental_inference_learns_in_every_step_from_what_is_inferred_so_far():
    model = small_model((6, 5, 4, 3))
    engine, parameters, stimuli, targets = tensors_of((model, parameters_of(model, 3), *presentations_of(model, 4, 3)))
    state = engine.sweep(parameters, stimuli)
    given_out = list(PredictiveCoding("incremental", 3, 0.1).updates(engine, parameters, state, targets))
    names = [name for name, _ in given_out]
    assert names == names[: len(names) // 3] * 3
    for step in (1, 2, 3):  # without learning in between, each is what the standard variant gives after as many steps
        standard = PredictiveCoding("standard", step, 0.1).updates(engine, parameters, state, targets)
        first = (step - 1) * len(names) // 3
        for (_, update), (_, wanted) in zip(given_out[first:], standard, strict=False):
            torch.testing.assert_close(update, wanted, rtol=0, atol=0)


@pytest.mark.parametrize(
    ("variant", "wanted"), [("standard", 0.94), ("fixed-prediction", 0.94), ("incremental", 0.93), ("centred", 0.94)]
)
def test_every_variant_learns_digits(variant, wanted):
    model = load_model("digits-mlp", rule="predictive-coding").changed(
        training={"epochs": 5}, rules={"predictive_coding": {"variant": variant, "nudge": 0.5}}
    )
    assert train(model, seed=0).test_accuracy >= wanted
