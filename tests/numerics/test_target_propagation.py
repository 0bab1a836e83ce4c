"""Oracle: the Jacobian of the way up, whose transpose the way down learns, and the gradient where both are the same."""

import pytest
import torch
from hypothesis import assume, given, settings
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
)
from torch.autograd.functional import jacobian

from dendrosim.equilibrium import Network
from dendrosim.errors import ModelError
from dendrosim.model import ACTIVATIONS, Parameters, load_model
from dendrosim.rules import Backpropagation, TargetPropagation
from dendrosim.training import train

FAMILIES = {"dense": dense_layers(), "convolutional": convolutional_layers(), "branched": branched_layers()}
LAYERS = {
    "dense": ([6], [dense(5), dense(4), dense(3)]),
    "max-pool": ([2, 7, 6], [convolution(3), {"kind": "max-pool", "size": 2}, convolution(2, 2), dense(3)]),
    "average-pool": ([1, 6, 6], [convolution(3, 2), {"kind": "average-pool", "size": 2}, dense(4), dense(3)]),
    "branches": (
        [2, 6, 1],
        [
            {"kind": "branches", "layers": [convolution(3, [2, 1]), convolution(2, [3, 1])]},
            {"kind": "max-pool", "size": "all"},
            dense(3),
        ],
    ),
}


def updates_of(rule, engine, parameters, stimuli, targets):
    rule.generator = torch.Generator().manual_seed(0)
    updates = rule.updates(engine, parameters, rule.infer(engine, parameters, stimuli), targets)
    return {name: direction.clone() for name, direction in updates}


def jacobians(projection, engine, parameters, state):
    """Of the way up and down between two layers, at one presentation, as matrices (above, below) and (below, above)."""
    name, where = projection.name, state.sources[projection.name][1]
    below, above = state.basal[projection.below], state.basal[projection.above]
    output = projection.above == "output"
    activate = ACTIVATIONS[engine.model.activation].value

    def up(u):
        drive = projection.apply(parameters.W[name], parameters.bias.get(name), projection.source(u, where)[0])
        return drive if output else activate(torch, drive)

    def down(t):
        return projection.adjoint(
            parameters.theta[name],
            t if output else ACTIVATIONS[engine.model.activation].antiderivative(torch, t),
            where,
        )

    shape = above.numel(), below.numel()
    return jacobian(up, below).reshape(shape), jacobian(down, above).reshape(shape[::-1])


@pytest.mark.parametrize(("family", "activation"), [("dense", "sigmoid"), *((family, "tanh") for family in LAYERS)])
def test_the_jacobian_of_the_way_down_tends_to_the_transpose_of_that_of_the_way_up(family, activation):
    stimulus, layers = LAYERS[family]
    model = model_of(stimulus, layers, activation=activation)
    engine, parameters = Network(model), parameters_of(model, 4).map(torch.from_numpy)
    stimuli, targets = (torch.tensor(array) for array in presentations_of(model, 128, 4))
    rule = TargetPropagation(0.1, 0.01, 1, 1.0)
    rule.generator = torch.Generator().manual_seed(0)
    state, one = engine.sweep(parameters, stimuli), engine.sweep(parameters, stimuli[:1])

    def distances():
        pairs = [
            jacobians(each, engine, parameters, one) for each in engine.projections if each.name in parameters.theta
        ]
        return [float((down - up.T).norm() / up.norm()) for up, down in pairs]

    first, steps = distances(), 600
    scale = 10 if activation == "sigmoid" else 1  # its slopes are a quarter, and less
    for step in range(steps):
        for name, direction in rule.updates(engine, parameters, state, targets):
            if name.endswith(".theta"):
                parameters.theta[name.removesuffix(".theta")].add_(direction, alpha=0.1 * scale * (1 - step / steps))
    assert min(first) > 0.5
    assert max(distances()) < 0.05


@pytest.mark.parametrize("family", FAMILIES)
def test_with_the_transpose_and_a_weak_teacher_the_updates_are_the_gradient(family):
    @settings(max_examples=25, deadline=None)
    @given(networks(layers=FAMILIES[family]))
    def check(network):
        model, parameters, stimuli, targets = network
        assume(model.activation != "relu")  # a silent cell has no slope, but a target
        tensors, stimuli, targets = parameters.map(torch.from_numpy), torch.tensor(stimuli), torch.tensor(targets)
        tied = Parameters(tensors.W, tensors.bias, {name: tensors.W[name] for name in tensors.theta})
        engine = Network(model)
        wanted = dict(Backpropagation().updates(engine, tied, engine.sweep(tied, stimuli), targets))
        errors = []
        for nudge in (2e-4, 1e-4):
            found = updates_of(TargetPropagation(nudge, 0.1, 1, 1.0), engine, tied, stimuli, targets)
            assert {name for name in found if not name.endswith(".theta")} == wanted.keys()
            errors.append(sum(float((found[name] / nudge - update).norm()) for name, update in wanted.items()))
        scale = 1 + sum(float(update.norm()) for update in wanted.values())
        assert errors[1] < 0.01 * scale
        assert errors[1] < 0.6 * errors[0] + 1e-9 * scale  # of the first order in the nudge

    check()


@pytest.mark.parametrize(
    ("stimulus", "layers"),
    [
        ([4], [dense(5), dense(3), dense(2)]),
        # The noise is as large as the differences in a window: linear is a max pool only if it keeps its choice.
        ([1, 5, 5], [convolution(2, 2), {"kind": "max-pool", "size": 2}, dense(3), dense(2)]),
    ],
    ids=["dense", "max-pool"],
)
def test_in_a_linear_network_the_mean_change_of_the_feedback_weights_is_their_distance_from_the_forward_weights(
    stimulus, layers
):
    model = model_of(stimulus, layers, activation="identity")
    engine, parameters = Network(model), parameters_of(model, 1).map(torch.from_numpy)
    stimuli, targets = (torch.tensor(array) for array in presentations_of(model, 2, 1))
    rule = TargetPropagation(0.1, 0.3, 100, 1.0)
    rule.generator = torch.Generator().manual_seed(0)
    rounds = [dict(rule.updates(engine, parameters, engine.sweep(parameters, stimuli), targets)) for _ in range(100)]
    for name, theta in parameters.theta.items():
        found = torch.stack([each[f"{name}.theta"] for each in rounds])
        scores = (found.mean(dim=0) - (parameters.W[name] - theta)) / found.std(dim=0) * len(rounds) ** 0.5
        assert float(scores.abs().max()) < 4
        assert float(found.std(dim=0).max()) / 10 < 0.05  # the standard error, beside distances of about 1


@pytest.mark.parametrize("activation", ["tanh", "sigmoid", "softplus", "identity", "relu"])
def test_what_a_cell_sends_down_has_the_slope_of_its_activation(activation):
    u = ACTIVATIONS[activation].value(torch, torch.linspace(0.1, 2, 20, dtype=torch.float64)).requires_grad_()
    ACTIVATIONS[activation].antiderivative(torch, u).sum().backward()
    torch.testing.assert_close(u.grad, ACTIVATIONS[activation].derivative(torch, u.detach()), rtol=0, atol=1e-14)


def test_a_recurrent_network_is_refused():
    with pytest.raises(ModelError, match="'target-propagation' has no form for recurrent networks"):
        TargetPropagation.from_model(load_model("reber-rnn"))


@pytest.mark.parametrize(("name", "wanted"), [("digits-mlp", 0.9), ("digits-cnn", 0.76)])
def test_five_epochs_on_digits_reach_what_is_promised(name, wanted):
    model = load_model(name).changed(training={"rule": "target-propagation", "epochs": 5})
    run = train(model, seed=0)
    assert run.test_accuracy >= wanted
    angles = run.history.filter(regex=r"^angle\.")
    assert (angles.iloc[-1] < 45).all()
