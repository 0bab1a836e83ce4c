"""Oracle: spike times and updates of a tiny network worked out by hand, and of random ones with loops."""

import math

import numpy as np
import pytest
import torch
from networks import convolution, dense, model_of, parameters_of, presentations_of, small_model, with_own

from dendrosim.equilibrium import Network
from dendrosim.errors import ModelError
from dendrosim.model import load_model
from dendrosim.rules import Hebbian, RewardModulatedSTDP
from dendrosim.training import train

BINS, THRESHOLD, DEPRESSION = 6, 0.15, 0.4


def learned(model, count=5, seed=0):
    rule, network = RewardModulatedSTDP(model, 0.5, 2.0, BINS, THRESHOLD, DEPRESSION), Network(model)
    parameters = with_own(parameters_of(model, seed), rule, model).map(torch.from_numpy)
    stimuli, targets = (torch.from_numpy(array) for array in presentations_of(model, count, seed))
    state = rule.infer(network, parameters, stimuli)
    return parameters, state, dict(rule.updates(network, parameters, state, targets)), targets.numpy()


def test_a_tiny_network_by_hand():
    # The activities of the two hidden cells are normalised to 1 and -1: the first fires at ⌈4 (1 - 1/1.5)⌉ = 2 of the
    # bins 0 ... 3, the second is silent.
    model = small_model((2, 2, 2), activation="identity")
    parameters = parameters_of(model, 0).map(torch.from_numpy)
    parameters.W["hidden-1"].copy_(torch.eye(2))
    parameters.W["output"].copy_(torch.tensor([[1.0, -0.3], [0.5, 0.2]], dtype=torch.float64))
    for bias in parameters.bias.values():
        bias.zero_()
    rule, network = RewardModulatedSTDP(model, 0.5, 2.0, 4, 0.2, 0.5), Network(model)
    stimuli, targets = torch.tensor([[1.0, -1.0]]).double(), torch.tensor([[0.0, 1.0]]).double()
    state = rule.infer(network, parameters, stimuli)
    assert state.spikes["hidden-1"][0, 0] == 2
    assert state.spikes["hidden-1"][0, 1] > 3
    # V of the first output cell is 0, 0, 1/4, 2/4, and half of it of the second one; the threshold is 0.2.
    assert state.spikes["output"].tolist() == [[2, 3]]
    first = 1 / (1 + math.exp(3 * (0.25 - 0.5)))
    assert state.basal["output"][0].tolist() == pytest.approx([first, 1 - first])
    updates = dict(rule.updates(network, parameters, state, targets))
    bound = 4 / math.sqrt(2)

    def soft(w):
        return (w + bound) * (bound - w) / (2 * bound)

    # The wrong cell is punished: what made it fire is depressed, what was silent is potentiated; the right one learns.
    wanted = [[-first * soft(1.0), 0.5 * first * soft(-0.3)], [first * soft(0.5), -0.5 * first * soft(0.2)]]
    np.testing.assert_allclose(updates["output.W"], wanted, rtol=1e-12)
    np.testing.assert_allclose(updates["output.bias"], [-first, first], rtol=1e-12)


@pytest.mark.parametrize(
    "model",
    [
        small_model(),
        model_of([1, 6, 6], [convolution(3), {"kind": "max-pool", "size": 2}, dense(3)]),
        model_of([2, 4, 4], [convolution(3), {"kind": "average-pool", "size": 2}, dense(2)]),
    ],
    ids=["dense", "max pool", "average pool"],
)
def test_spike_times_and_updates_of_random_networks_are_the_equations_written_out(model):
    parameters, state, updates, targets = learned(model)
    parts = {"output.W": parameters.W["output"]} | {
        f"{name}.auxiliary": each for name, each in parameters.auxiliary.items()
    }
    W, b = np.hstack([part.numpy() for part in parts.values()]), parameters.bias["output"].numpy()
    bounds = np.concatenate([np.full(part.shape[1], 4 / math.sqrt(part.shape[1])) for part in parts.values()])
    wanted, spikes = np.zeros_like(W), set()
    for index in range(len(targets)):
        seen = [state.sources[name.split(".")[0]][0][index].numpy().ravel() for name in parts]
        assert all(abs(x.mean()) < 1e-12 and x.var() == pytest.approx(1, abs=1e-2) for x in seen)
        x = np.concatenate(seen)
        pre = [max(math.ceil(BINS * (1 - each / 1.5)), 0) for each in x]
        for k in range(len(W)):
            V, post = [], BINS - 1
            for t in range(BINS):
                current = b[k] + sum(W[k, j] for j in range(len(x)) if pre[j] <= t)
                V.append((V[-1] if V else 0.0) + current / BINS)
            if max(V) >= THRESHOLD:
                post = next(t for t in range(BINS) if V[t] >= THRESHOLD)
            assert state.spikes["output"][index, k] == post
            spikes.add(post)
            reward = targets[index, k] - float(state.basal["output"][index, k])
            for j in range(len(x)):
                pairing = 1 if pre[j] <= post else -DEPRESSION
                soft = max((W[k, j] + bounds[j]) * (bounds[j] - W[k, j]), 0) / (2 * bounds[j])
                wanted[k, j] += reward * pairing * soft / len(targets)
    assert len(spikes) > 1
    np.testing.assert_allclose(np.hstack([updates[name] for name in parts]), wanted, rtol=0, atol=1e-12)


def test_hidden_layers_learn_as_those_of_the_hebbian_rule():
    model = small_model()
    parameters, _, updates, targets = learned(model)
    stimuli = torch.from_numpy(presentations_of(model, 5, 0)[0])
    rule, network = Hebbian(model, 0.5, 2.0), Network(model)
    state = rule.infer(network, parameters, stimuli)
    wanted = dict(rule.updates(network, parameters, state, torch.from_numpy(targets)))
    for layer in ("hidden-1", "hidden-2"):
        assert torch.equal(updates[f"{layer}.W"], wanted[f"{layer}.W"])


def test_weights_stay_within_their_bounds_at_the_largest_learning_rate():
    model = small_model((6, 8, 4))
    rule, network = RewardModulatedSTDP(model, 0.5, 0.0, BINS, THRESHOLD, DEPRESSION), Network(model)
    parameters, bound = parameters_of(model, 0).map(torch.from_numpy), 4 / math.sqrt(8)
    for step in range(300):
        stimuli, targets = (torch.from_numpy(array) for array in presentations_of(model, 2, step // 50))
        state = rule.infer(network, parameters, stimuli)
        parameters.W["output"].add_(dict(rule.updates(network, parameters, state, targets))["output.W"])
        assert parameters.W["output"].abs().max() <= bound
    assert parameters.W["output"].abs().max() > 0.8 * bound


def test_a_weight_beyond_its_bounds_is_not_changed():
    model = small_model((6, 8, 4))
    rule, network = RewardModulatedSTDP(model, 0.5, 0.0, BINS, THRESHOLD, DEPRESSION), Network(model)
    parameters, bound = parameters_of(model, 0).map(torch.from_numpy), 4 / math.sqrt(8)
    parameters.W["output"][:, 0], parameters.W["output"][:, 1] = 1.5 * bound, -1.5 * bound
    stimuli, targets = (torch.from_numpy(array) for array in presentations_of(model, 5, 0))
    updates = dict(rule.updates(network, parameters, rule.infer(network, parameters, stimuli), targets))
    assert not updates["output.W"][:, :2].any()
    assert updates["output.W"][:, 2:].all()


def test_networks_for_which_it_has_no_form_are_refused():
    with pytest.raises(ModelError, match="'r-stdp' has no form for recurrent networks"):
        RewardModulatedSTDP.from_model(load_model("reber-rnn"))
    with pytest.raises(ModelError, match="'r-stdp' needs classes; set output to 'softmax'"):
        RewardModulatedSTDP.from_model(small_model(output="identity"))


@pytest.mark.parametrize(("name", "wanted"), [("digits-mlp", 0.83), ("digits-cnn", 0.8)])
def test_ten_epochs_on_digits_reach_what_is_promised(name, wanted):
    model = load_model(name, rule="r-stdp").changed(training={"epochs": 10})
    assert train(model, seed=0).test_accuracy >= wanted
