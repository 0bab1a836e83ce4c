"""Oracle: backpropagation, which feedback alignment becomes where its matrices are those of the gradient."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from networks import convolutional_layers, dense_layers, networks

from dendrosim.equilibrium import Network
from dendrosim.model import Parameters, load_model
from dendrosim.rules import Backpropagation, DirectFeedbackAlignment, FeedbackAlignment
from dendrosim.training import train


def updates_of(rule, model, parameters, stimuli, targets):
    engine = Network(model)
    return Parameters.collect(rule.updates(engine, parameters, engine.sweep(parameters, stimuli), targets))


def assert_same(found, wanted):
    assert dict(found.items()).keys() == dict(wanted.items()).keys()
    for name, update in wanted.items():
        scale = 1 + float(update.abs().max())
        torch.testing.assert_close(dict(found.items())[name], update, rtol=0, atol=1e-12 * scale)


def tensors_of(network):
    model, parameters, stimuli, targets = network
    return model, parameters.map(torch.from_numpy), torch.tensor(stimuli), torch.tensor(targets)


@settings(max_examples=60, deadline=None)
@given(networks())
def test_feedback_alignment_with_the_forward_weights_is_backpropagation_by_the_strength_of_the_teacher(network):
    model, parameters, *presentations = tensors_of(network)
    symmetric = Parameters(parameters.W, parameters.bias, {name: parameters.W[name] for name in parameters.theta})
    gradient, strength = updates_of(Backpropagation(), model, parameters, *presentations), model.teacher.strength
    wanted = gradient.map(lambda update: strength * update)
    assert_same(updates_of(FeedbackAlignment.from_model(model), model, symmetric, *presentations), wanted)


@pytest.mark.parametrize("layers", [dense_layers(), convolutional_layers()], ids=["dense", "convolutional"])
def test_direct_feedback_alignment_with_the_jacobian_of_the_output_is_backpropagation(layers):
    @settings(max_examples=40, deadline=None)
    @given(networks(layers=layers))
    def check(network):
        model, parameters, stimuli, targets = tensors_of(network)
        stimuli, targets, engine = stimuli[:1], targets[:1], Network(model)
        # Of one presentation, so that one matrix a layer holds all paths from its cells to the drive of the output.
        state, rows = engine.sweep(parameters, stimuli), {layer: [] for layer in model.layer_names[:-1]}
        for unit in torch.eye(model.sizes[-1], dtype=torch.float64):
            # Every connection of a layer sees the same error.
            errors = {each.projection.below: each.error for each in engine.descend(state, unit[None], parameters.W)}
            for layer, row in rows.items():
                row.append(errors[layer].flatten())
        parameters.auxiliary.update({layer: torch.stack(errors) for layer, errors in rows.items()})
        wanted = updates_of(Backpropagation(), model, parameters, stimuli, targets)
        assert_same(updates_of(DirectFeedbackAlignment(), model, parameters, stimuli, targets), wanted)

    check()


def test_the_matrices_of_direct_feedback_alignment_have_a_variance_of_one_over_the_outputs_and_never_change():
    model = load_model("digits-mlp").changed(training={"rule": "direct-feedback-alignment", "epochs": 1})
    before = Parameters.initialise(model, 3, auxiliary=DirectFeedbackAlignment().auxiliary)
    assert {name: matrix.shape for name, matrix in before.auxiliary.items()} == {
        "hidden-1": (10, 128),
        "hidden-2": (10, 64),
    }
    assert before.auxiliary["hidden-1"].std() == pytest.approx(10**-0.5, rel=0.1)
    after = train(model, seed=3).parameters
    for name, matrix in before.auxiliary.items():
        np.testing.assert_array_equal(after.auxiliary[name], matrix)


@pytest.mark.parametrize("rule", ["feedback-alignment", "direct-feedback-alignment"])
@pytest.mark.parametrize(("name", "wanted"), [("digits-mlp", 0.91), ("digits-cnn", 0.75)])
def test_ten_epochs_on_digits_reach_what_is_promised(rule, name, wanted):
    model = load_model(name).changed(training={"rule": rule, "epochs": 10})
    assert train(model, seed=0).test_accuracy >= wanted
