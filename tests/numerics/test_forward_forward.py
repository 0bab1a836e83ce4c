"""Oracle: autograd of each layer's own loss, which is written here a second time, with torch's own losses."""

import numpy as np
import pytest
import torch
from networks import convolution, dense, model_of, parameters_of, presentations_of
from torch.nn import functional

from dendrosim.equilibrium import Network
from dendrosim.errors import ModelError
from dendrosim.model import ACTIVATIONS, load_model
from dendrosim.rules import ForwardForward
from dendrosim.training import train

SETTINGS = {"forward_forward": {"threshold": 0.4, "sharpness": 3.0, "label": 1.5}}
MAX_POOL, AVERAGE_POOL = ({"kind": kind, "size": 2} for kind in ("max-pool", "average-pool"))
BRANCHES = {"kind": "branches", "layers": [convolution(4, [2, 1]), convolution(3, [3, 1])]}
DENSE = [5], [dense(6), dense(4), dense(3), dense(2)]
GROUPED = {
    "convolutions": ([1, 9, 9], [convolution(7), MAX_POOL, convolution(4, 2), dense(5), dense(3)]),
    "average pool": ([2, 8, 6], [convolution(3), AVERAGE_POOL, convolution(5, 2, 1), dense(2)]),
    "branches": ([2, 7, 1], [BRANCHES, {"kind": "max-pool", "size": "all"}, dense(4), dense(3)]),
}


def rule_of(model):
    rule = ForwardForward.from_model(model.changed(rules=SETTINGS))
    rule.generator = torch.Generator().manual_seed(5)
    return rule


def presented(model, count=6, seed=0):
    parameters = parameters_of(model, seed)
    auxiliary = rule_of(model).auxiliary(model, np.random.default_rng(0))
    parameters.auxiliary.update({name: 0.1 + matrix for name, matrix in auxiliary.items()})
    parameters = parameters.map(torch.from_numpy)
    return parameters, *(torch.from_numpy(array) for array in presentations_of(model, count, seed))


def updates_of(model, parameters, stimuli, targets):
    rule, network = rule_of(model), Network(model)
    return dict(rule.updates(network, parameters, rule.infer(network, parameters, stimuli), targets))


def gradients(model, parameters, stimuli, loss_of):
    """Negative gradients of the losses of all hidden layers, of which none sees another's."""
    leaves = parameters.map(lambda tensor: tensor.clone().requires_grad_())
    activities, wanted = {"input": stimuli}, {}
    for layer in model.layer_names[:-1]:
        drive, own = 0, {}
        for projection in Network(model).projections:
            if projection.above == layer:
                source = projection.source(activities[projection.below])[0].detach()
                centred = source - source.flatten(1).mean(dim=1).view(-1, *[1] * (source.ndim - 1))
                variance = centred.flatten(1).square().mean(dim=1).view(-1, *[1] * (source.ndim - 1))
                W, bias = leaves.W[projection.name], leaves.bias.get(projection.name)
                drive = drive + projection.apply(W, bias, centred / (variance + 1e-5).sqrt())
                own |= {f"{projection.name}.W": W} | ({} if bias is None else {f"{projection.name}.bias": bias})
        activities[layer] = ACTIVATIONS[model.activation].value(torch, drive)
        found = torch.autograd.grad(loss_of(activities[layer]), own.values())
        wanted |= {name: -gradient for name, gradient in zip(own, found, strict=True)}
    return wanted


def assert_same(updates, wanted):
    assert wanted.keys() == {name for name in updates if not name.startswith("output") and "decoder" not in name}
    for name, direction in wanted.items():
        torch.testing.assert_close(updates[name], direction, rtol=0, atol=1e-10)


@pytest.mark.parametrize("activation", ["tanh", "relu", "softplus"])
def test_a_dense_layer_descends_its_own_loss_of_right_and_wrong_labels(activation):
    model = model_of(*DENSE, activation=activation)
    parameters, stimuli, targets = presented(model)
    labels = 1.5 * torch.cat([targets, 1 - targets])  # of two classes only one is wrong
    labelled = torch.cat([labels, stimuli[:, 2:].repeat(2, 1)], dim=1)

    def loss_of(u):
        right, wrong = (3.0 * (u.square().mean(dim=1) - 0.4)).chunk(2)
        return (functional.softplus(-right) + functional.softplus(wrong)).mean()

    assert_same(updates_of(model, parameters, stimuli, targets), gradients(model, parameters, labelled, loss_of))


@pytest.mark.parametrize("activation", ["tanh", "softplus"])
@pytest.mark.parametrize("name", GROUPED)
def test_channels_descend_the_cross_entropy_of_the_groups_of_their_layer(name, activation):
    model = model_of(*GROUPED[name], activation=activation)
    parameters, stimuli, targets = presented(model)
    classes = model.sizes[-1]

    def loss_of(u):
        groups = [[k for k in range(u.shape[1]) if k * classes // u.shape[1] == c] for c in range(classes)]
        sizes = [len(group) for group in groups]
        assert max(sizes) - min(sizes) <= 1
        goodness = torch.stack([u[:, group].square().flatten(1).mean(dim=1) for group in groups], dim=1)
        return functional.cross_entropy(3.0 * goodness, targets)

    assert_same(updates_of(model, parameters, stimuli, targets), gradients(model, parameters, stimuli, loss_of))


@pytest.mark.parametrize("layers", [DENSE, GROUPED["convolutions"]], ids=["dense", "grouped"])
def test_nothing_above_a_layer_changes_its_update(layers):
    model = model_of(*layers)
    parameters, *presentations = presented(model)
    before = updates_of(model, parameters, *presentations)
    last = model.layer_names[-2]
    parameters.W[last] += 1
    after = updates_of(model, parameters, *presentations)
    for name, direction in before.items():
        assert torch.equal(after[name], direction) == (
            name.startswith("hidden") and not name.startswith(last) and "decoder" not in name
        ), name


def test_wrong_labels_are_drawn_as_often_as_they_are_believed():
    model, count = model_of([6], [dense(4), dense(3)]), 4000
    rule, network, parameters = rule_of(model), Network(model), parameters_of(model, 0).map(torch.from_numpy)
    parameters.W["output"].zero_()
    parameters.bias["output"].copy_(torch.tensor([0.5, 0.3, 0.2]).log())
    state = rule.infer(network, parameters, torch.rand(count, 6, dtype=torch.float64))
    learning, _ = rule._contrast(network, parameters, state, torch.eye(3, dtype=torch.float64)[[0] * count])
    labels = learning.basal["input"][:, :3] / 1.5
    assert labels[:count].mean(dim=0).tolist() == [1, 0, 0]
    np.testing.assert_allclose(labels[count:].mean(dim=0), [0, 0.6, 0.4], atol=0.03)


@pytest.mark.parametrize("layers", [DENSE, GROUPED["convolutions"]], ids=["dense", "grouped"])
def test_the_readout_descends_the_cross_entropy_of_what_it_sees_of_all_hidden_layers_but_the_first(layers):
    model = model_of(*layers)
    parameters, stimuli, targets = presented(model)
    rule, network = rule_of(model), Network(model)
    state = rule.infer(network, parameters, stimuli)
    updates = dict(rule.updates(network, parameters, state, targets))
    names = ["output.W", "output.bias", "hidden-2-decoder.auxiliary"]
    leaves = [dict(parameters.items())[name].clone().requires_grad_() for name in names]
    last, second = (
        functional.layer_norm(state.basal[layer], state.basal[layer].shape[1:]).flatten(1)
        for layer in ("hidden-3", "hidden-2")
    )
    drive = last @ leaves[0].T + leaves[1] + second @ leaves[2].T
    torch.testing.assert_close(state.basal["output"], drive.softmax(dim=1), rtol=0, atol=1e-12)
    found = torch.autograd.grad(functional.cross_entropy(drive, targets), leaves)
    for name, gradient in zip(names, found, strict=True):
        torch.testing.assert_close(updates[name], -gradient, rtol=0, atol=1e-12)


def test_the_prediction_does_not_see_the_label():
    model = model_of(*DENSE)
    parameters, stimuli, _ = presented(model)
    other = stimuli.clone()
    other[:, :2] = 7.0
    first, second = (rule_of(model).infer(Network(model), parameters, each) for each in (stimuli, other))
    assert torch.equal(first.basal["output"], second.basal["output"])


def test_networks_for_which_it_has_no_form_are_refused():
    with pytest.raises(ModelError, match="'forward-forward' has no form for recurrent networks"):
        ForwardForward.from_model(load_model("reber-rnn"))
    with pytest.raises(ModelError, match="'forward-forward' needs classes; set output to 'softmax'"):
        ForwardForward.from_model(model_of([5], [dense(4)], output="identity"))
    with pytest.raises(ModelError, match="a layer has 3; give every layer at least 4 channels"):
        ForwardForward.from_model(model_of([1, 5, 5], [convolution(3), dense(4)]))
    with pytest.raises(ModelError, match=r"has shape \[3\]; give input at least \[4\]"):
        ForwardForward.from_model(model_of([3], [dense(5), dense(4)]))


@pytest.mark.parametrize(("name", "wanted"), [("digits-mlp", 0.92), ("digits-cnn", 0.93)])
def test_ten_epochs_on_digits_reach_what_is_promised(name, wanted):
    model = load_model(name, rule="forward-forward").changed(training={"epochs": 10})
    assert train(model, seed=0).test_accuracy >= wanted
