"""Oracles: autograd, of the energy that predictive coding descends, and the closed form of a linear network."""

import torch
from hypothesis import given, settings
from networks import networks, parameters_of, presentations_of, small_model

from dendrosim.equilibrium import Network
from dendrosim.model import Parameters
from dendrosim.rules import PredictiveCoding


def tensors_of(network):
    model, parameters, stimuli, targets = network
    return Network(model), parameters.map(torch.from_numpy), torch.tensor(stimuli), torch.tensor(targets)


def energy(engine, parameters, state, targets):
    """Half the squared prediction errors of the hidden layers, plus the loss: what inference should lower."""
    predictions = engine.predict(parameters, state)
    hidden = engine.model.layer_names[:-1]
    squared = sum((state.basal[layer] - predictions[layer]).square().sum() for layer in hidden)
    share = targets.numel() // targets.shape[-1]
    return squared / 2 + share * engine.loss(engine.by_step(predictions["output"]), targets)


@settings(max_examples=60, deadline=None)
@given(networks())
def test_one_step_of_inference_goes_down_the_gradient_of_the_energy(network):
    engine, parameters, stimuli, targets = tensors_of(network)
    rate = 0.1
    state = engine.sweep(parameters, stimuli)
    hidden = engine.model.layer_names[:-1]
    leaves = {name: potential.clone().requires_grad_(name in hidden) for name, potential in state.basal.items()}
    if not hidden:
        return
    energy(engine, parameters, type(state)(leaves, {}), targets).backward()
    seen = []
    rule = PredictiveCoding(iterations=1, rate=rate)
    original = rule._errors
    rule._errors = lambda net, par, inferred, tar: (seen.append(inferred), original(net, par, inferred, tar))[1]
    list(rule.updates(engine, parameters, state, targets))
    for layer in hidden:
        wanted = state.basal[layer] - rate * leaves[layer].grad
        torch.testing.assert_close(seen[-1].basal[layer], wanted, rtol=0, atol=1e-12 * (1 + float(wanted.abs().max())))


@settings(max_examples=40, deadline=None)
@given(networks())
def test_the_update_is_the_negative_gradient_of_the_energy_at_the_inferred_potentials(network):
    engine, parameters, stimuli, targets = tensors_of(network)
    state, rule, seen = engine.sweep(parameters, stimuli), PredictiveCoding(iterations=3, rate=0.1), []
    original = rule._errors
    rule._errors = lambda net, par, inferred, tar: (seen.append(inferred), original(net, par, inferred, tar))[1]
    updates = Parameters.collect(rule.updates(engine, parameters, state, targets))
    leaves = parameters.map(lambda tensor: tensor.clone().requires_grad_())
    energy(engine, leaves, type(state)(seen[-1].basal, {}), targets).backward()
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
    found = Parameters.collect(PredictiveCoding(2000, 0.1).updates(engine, parameters, state, targets))
    # Every error reaches the output through the weights above it: r = (1 + W₃W₃ᵀ + W₃W₂W₂ᵀW₃ᵀ) ε₃.
    second, third = parameters.W["hidden-2"], parameters.W["output"]
    through = third @ second
    covariance = torch.eye(3, dtype=torch.float64) + third @ third.T + through @ through.T
    output_error = torch.linalg.solve(covariance, (targets - engine.output(state)).T)
    wanted = (through.T @ output_error) @ stimuli / len(stimuli)
    torch.testing.assert_close(found.W["hidden-1"], wanted, rtol=0, atol=1e-12)
