"""Oracle: the equations written out with loops, Oja's principal component, and what competition must come to."""

import math

import numpy as np
import pytest
import torch
from networks import convolution, dense, model_of, parameters_of, presentations_of, small_model, with_own

from dendrosim.equilibrium import Network
from dendrosim.errors import ModelError
from dendrosim.model import load_model
from dendrosim.rules import Hebbian
from dendrosim.training import train

TEMPERATURE, RATE = 0.5, 3.0


def learned(model, seed=0, count=5):
    """The state after a sweep and the updates, in float64."""
    rule, network = Hebbian(model, TEMPERATURE, RATE), Network(model)
    parameters = with_own(parameters_of(model, seed), rule, model).map(torch.from_numpy)
    stimuli, targets = (torch.from_numpy(array) for array in presentations_of(model, count, seed))
    state = rule.infer(network, parameters, stimuli)
    return parameters, state, dict(rule.updates(network, parameters, state, targets)), targets


def direction_by_loops(W, b, patches):
    """η (⟨y x^T⟩ − ⟨y u⟩ w); `patches` are what competing cells see at the same time."""
    total = np.zeros_like(W)
    for x in patches:
        u = [sum(W[k, j] * x[j] for j in range(len(x))) + b[k] for k in range(len(W))]
        powers = [math.exp(each / TEMPERATURE) for each in u]
        for k in range(len(W)):
            y = powers[k] / sum(powers) * (1 if u[k] == max(u) else -1)
            for j in range(len(x)):
                total[k, j] += y * (x[j] - u[k] * W[k, j]) / len(patches)
    return RATE / math.sqrt(W.shape[1]) * total


def normalised(x):
    return (x - x.mean()) / math.sqrt(x.var() + 1e-5)


def test_the_update_of_a_dense_layer_is_the_equation_written_out():
    model = small_model()
    parameters, state, updates, _ = learned(model)
    for layer, below in (("hidden-1", "input"), ("hidden-2", "hidden-1")):
        seen = [normalised(x) for x in state.basal[below].numpy()]
        wanted = direction_by_loops(parameters.W[layer].numpy(), parameters.bias[layer].numpy(), seen)
        np.testing.assert_allclose(updates[f"{layer}.W"], wanted, rtol=0, atol=1e-12)


def test_the_update_of_a_convolution_is_the_equation_at_each_position():
    convolution = {"kind": "conv2d", "channels": 3, "kernel": 2}
    model = model_of([2, 4, 5], [convolution, {"kind": "dense", "units": 2}])
    parameters, state, updates, _ = learned(model)
    patches = []
    for image in state.basal["input"].numpy():
        seen = normalised(image)
        patches += [seen[:, row : row + 2, column : column + 2].ravel() for row in range(3) for column in range(4)]
    W = parameters.W["hidden-1"].numpy()
    wanted = direction_by_loops(W.reshape(3, -1), parameters.bias["hidden-1"].numpy(), patches).reshape(W.shape)
    np.testing.assert_allclose(updates["hidden-1.W"], wanted, rtol=0, atol=1e-12)


def test_the_readout_sees_all_hidden_layers_and_learns_by_the_delta_rule_and_hidden_biases_do_not_change():
    layers = [convolution(3), {"kind": "max-pool", "size": 2}, convolution(2, 2), dense(4), dense(3)]
    model = model_of([1, 20, 20], layers)
    parameters, state, updates, targets = learned(model)
    seen = {
        "hidden-1-decoder.auxiliary": state.basal["hidden-1"]
        .unfold(2, 2, 2)
        .unfold(3, 2, 2)
        .mean(dim=(4, 5)),  # of 18 × 18
        "hidden-2-decoder.auxiliary": state.basal["hidden-2"],
        "output.W": state.basal["hidden-3"],
    }
    seen = {name: np.stack([normalised(x).ravel() for x in activity.numpy()]) for name, activity in seen.items()}
    weights, powers = dict(parameters.items()), parameters.bias["output"].numpy()
    for name, x in seen.items():
        powers = powers + x @ weights[name].numpy().T
    powers = np.exp(powers)
    error = targets.numpy() - powers / powers.sum(axis=1, keepdims=True)
    for name, x in seen.items():
        np.testing.assert_allclose(updates[name], error.T @ x / len(x), rtol=0, atol=1e-12)
    np.testing.assert_allclose(updates["output.bias"], error.mean(axis=0), rtol=0, atol=1e-12)
    assert set(updates) == {*(f"hidden-{layer}.W" for layer in (1, 2, 3)), *seen, "output.bias"}


@pytest.mark.parametrize("start", [1e-3, 0.3, 3.0])
def test_a_cell_that_always_wins_comes_to_unit_norm_and_to_the_mean_of_what_it_wins(start):
    model = small_model((6, 1, 2))
    generator = np.random.default_rng(0)
    stimuli = torch.from_numpy(generator.standard_normal((50, 6)) + np.array([2, 1, 0, 0, -1, -1]))
    targets = torch.from_numpy(np.eye(2)[generator.integers(0, 2, 50)])
    parameters = parameters_of(model, 3).map(torch.from_numpy)
    parameters.bias["hidden-1"].zero_()
    parameters.W["hidden-1"].mul_(start / parameters.W["hidden-1"].norm())
    rule, network = Hebbian(model, 1.0, 1.0), Network(model)
    for _ in range(500):
        state = rule.infer(network, parameters, stimuli)
        direction = dict(rule.updates(network, parameters, state, targets))["hidden-1.W"]
        parameters.W["hidden-1"].add_(direction, alpha=0.1)
    w = parameters.W["hidden-1"][0].numpy()
    assert np.linalg.norm(w) == pytest.approx(1, abs=1e-3)
    mean = np.mean([normalised(x) for x in stimuli.numpy()], axis=0)
    assert w @ mean > 0.999 * np.linalg.norm(mean)


def test_a_recurrent_network_is_refused():
    with pytest.raises(ModelError, match="'hebbian' has no form for recurrent networks"):
        Hebbian.from_model(load_model("reber-rnn"))


@pytest.mark.parametrize(("name", "wanted"), [("digits-mlp", 0.9), ("digits-cnn", 0.85)])
def test_ten_epochs_on_digits_reach_what_is_promised(name, wanted):
    model = load_model(name, rule="hebbian").changed(training={"epochs": 10})
    assert train(model, seed=0).test_accuracy >= wanted
