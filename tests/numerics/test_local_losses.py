"""Oracle: autograd of each layer's own loss, with what the layer receives detached."""

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from networks import (
    branched_layers,
    convolution,
    convolutional_layers,
    dense,
    dense_layers,
    model_of,
    networks,
    parameters_of,
    presentations_of,
    with_own,
)
from torch.nn import functional

from dendrosim.equilibrium import Network
from dendrosim.errors import ModelError
from dendrosim.model import ACTIVATIONS, Parameters, load_model
from dendrosim.rules import LocalLosses
from dendrosim.training import train

BRANCHES = {"kind": "branches", "layers": [convolution(3, [2, 1]), convolution(4, [3, 1])]}
POOL = {"kind": "max-pool", "size": 2}
# Directions need three cells, and deviations more than one position, to have a slope.
LARGE = {
    "dense": ([6], [dense(5), dense(4), dense(3)]),
    "convolutional": ([2, 7, 6], [convolution(4), POOL, convolution(3, 2, 1), dense(4), dense(3)]),
    "branched": ([2, 6, 1], [BRANCHES, {"kind": "average-pool", "size": [2, 1]}, dense(4), dense(3)]),
}
FAMILIES = {"dense": dense_layers(), "convolutional": convolutional_layers(), "branched": branched_layers()}


def tensors_of(rule, model, parameters, stimuli, targets):
    """The network as tensors, with auxiliary parameters, of which none is zero."""
    parameters = with_own(parameters, rule, model)
    return model, parameters.map(torch.from_numpy), torch.tensor(stimuli), torch.tensor(targets)


def updates_of(rule, model, parameters, stimuli, targets):
    engine = Network(model)
    updates = rule.updates(engine, parameters, rule.infer(engine, parameters, stimuli), targets)
    return {name: direction.clone() for name, direction in updates}


def similarities(cells):
    centred = cells - cells.mean(dim=1, keepdim=True)
    return functional.cosine_similarity(centred[:, None], centred[None], dim=2, eps=1e-16)


def loss_of(rule, engine, parameters, layer, u, targets):
    """The loss of a hidden layer as the paper has it."""
    decoder, auxiliary = rule.decoders[layer], parameters.auxiliary
    pooling = decoder.connection.pooling
    seen = functional.avg_pool2d(u, pooling.window) if pooling else u
    prediction = seen.flatten(1) @ auxiliary[decoder.name].T
    prediction = prediction.softmax(dim=1) if engine.model.output == "softmax" else prediction
    loss = (1 - rule.similarity) * engine.loss(prediction, targets)
    if rule.similarity:
        weights = auxiliary[f"{layer}-similarity"]
        mapped = u @ weights.T if u.ndim == 2 else functional.conv2d(u, weights, padding=1).flatten(2).std(dim=2)
        loss = loss + rule.similarity * (similarities(mapped) - similarities(targets)).square().mean()
    return loss


def gradients(rule, engine, parameters, stimuli, targets):
    """Minus the gradient of every layer's loss, in what belongs to that layer alone."""
    state, found = engine.sweep(parameters, stimuli), {}
    for layer in engine.model.layer_names:
        leaves = parameters.map(lambda tensor: tensor.clone().requires_grad_())
        drive = torch.stack(
            [
                each.apply(leaves.W[each.name], leaves.bias.get(each.name), state.sources[each.name][0])
                for each in engine.projections
                if each.above == layer
            ]
        ).sum(dim=0)
        if layer == "output":
            loss = engine.loss(engine.potential(layer, drive), targets)
        else:
            u = ACTIVATIONS[engine.model.activation].value(torch, drive)
            loss = loss_of(rule, engine, leaves, layer, u, targets)
        loss.backward()
        found |= {name: -leaf.grad for name, leaf in leaves.items() if leaf.grad is not None}
    return found


@pytest.mark.parametrize("similarity", [0.0, 0.6])
@pytest.mark.parametrize("family", FAMILIES)
def test_updates_are_the_gradient_of_each_layers_own_loss(family, similarity):
    @settings(max_examples=25, deadline=None)
    @given(networks(layers=st.just(LARGE[family]) if similarity else FAMILIES[family]))
    def check(network):
        assume(similarity == 0 or network[0].activation != "relu")  # layers that are silent have no direction
        rule = LocalLosses(network[0], similarity, "decoder")
        model, parameters, *presentations = tensors_of(rule, *network)
        wanted = gradients(rule, Network(model), parameters, *presentations)
        found = updates_of(rule, model, parameters, *presentations)
        assert found.keys() == wanted.keys()
        for name, update in wanted.items():
            scale = 1 + float(update.abs().max())
            torch.testing.assert_close(found[name], update, rtol=0, atol=1e-10 * scale)

    check()


@pytest.mark.parametrize("feedback", ["decoder", "separate"])
@settings(max_examples=25, deadline=None)
@given(network=networks(layers=st.one_of(*FAMILIES.values())))
def test_what_is_above_a_layer_is_of_no_account_to_it(feedback, network):
    rule = LocalLosses(network[0], 0.5, feedback)
    model, parameters, *presentations = tensors_of(rule, *network)
    layers = model.layer_names
    for split in range(1, len(layers)):
        above = [name for name, _ in parameters.items() if name.startswith(layers[split:])]
        below = [name for name, _ in parameters.items() if name not in above]
        changed = Parameters.collect(
            (name, torch.flip(tensor, (0,)) + 1 if name in above else tensor) for name, tensor in parameters.items()
        )
        first, second = (updates_of(rule, model, each, *presentations) for each in (parameters, changed))
        for name in set(below) & first.keys():
            assert torch.equal(first[name], second[name]), name


@pytest.mark.parametrize("family", LARGE)
def test_separate_feedback_equal_to_the_decoder_is_the_prediction_loss_and_it_alone_moves_the_layer(family):
    stimulus, layers = LARGE[family]
    model = load_model("digits-mlp").changed(input=stimulus, layers=layers)
    given = model, parameters_of(model, 3), *presentations_of(model, 4, 3)
    rule = LocalLosses(model, 0.0, "separate")
    _, parameters, *presentations = tensors_of(rule, *given)
    away = updates_of(rule, model, parameters, *presentations)
    tied = Parameters(
        parameters.W,
        parameters.bias,
        parameters.theta,
        {name: parameters.auxiliary[name.replace("feedback", "decoder")] for name in parameters.auxiliary},
    )
    back = updates_of(rule, model, tied, *presentations)
    wanted = updates_of(LocalLosses(model, 0.0, "decoder"), model, tied, *presentations)
    assert wanted.keys() == back.keys() == away.keys()
    for name, update in wanted.items():
        assert torch.equal(back[name], update), name
        assert torch.equal(away[name], update) == (name.endswith(".auxiliary") or name.startswith("output")), name


def test_the_similarity_map_of_a_convolutional_layer_looks_at_three_by_three_cells_and_keeps_its_shape():
    model = model_of([1, 6, 5], [convolution(4), dense(3)])
    similarity_map = LocalLosses(model, 0.6, "decoder").maps["hidden-1"]
    maps, weights = torch.zeros(1, 4, 4, 3, dtype=torch.float64), torch.ones(4, 4, 3, 3, dtype=torch.float64)
    maps[0, 0, 1, 1] = 1.0
    assert similarity_map.connection.shape == weights.shape
    seen = similarity_map.apply(weights, None, maps)
    assert seen.shape == maps.shape
    assert seen[0, 0].nonzero().tolist() == [[y, x] for y in range(3) for x in range(3)]


def test_the_similarity_of_the_layer_itself_is_asked_for_where_feedback_is_separate():
    stimulus, layers = LARGE["convolutional"]
    model = load_model("digits-cnn").changed(input=stimulus, layers=layers)
    given = model, parameters_of(model, 3), *presentations_of(model, 4, 3)
    rule = LocalLosses(model, 0.25, "separate")
    _, parameters, stimuli, targets = tensors_of(rule, *given)
    for matrix in parameters.auxiliary.values():
        matrix.zero_()  # so that the prediction loss is of no account
    found = updates_of(rule, model, parameters, stimuli, targets)
    weights = parameters.W["hidden-1"].clone().requires_grad_()
    u = functional.conv2d(stimuli, weights, parameters.bias["hidden-1"]).tanh()
    loss = 0.25 * (similarities(u.flatten(2).std(dim=2)) - similarities(targets)).square().mean()
    loss.backward()
    torch.testing.assert_close(found["hidden-1.W"], -weights.grad, rtol=0, atol=1e-12)


def test_a_recurrent_network_is_refused():
    with pytest.raises(ModelError, match="'local-losses' has no form for recurrent networks"):
        LocalLosses.from_model(load_model("reber-rnn"))


@pytest.mark.parametrize(
    ("name", "settings_of_rule", "wanted"),
    [
        ("digits-mlp", {}, 0.9),
        ("digits-mlp", {"feedback": "separate"}, 0.86),
        ("digits-cnn", {}, 0.75),
        ("digits-cnn", {"feedback": "separate"}, 0.75),
    ],
)
def test_five_epochs_on_digits_reach_what_is_promised(name, settings_of_rule, wanted):
    model = load_model(name).changed(
        training={"rule": "local-losses", "epochs": 5}, rules={"local_losses": settings_of_rule}
    )
    assert train(model, seed=0).test_accuracy >= wanted
