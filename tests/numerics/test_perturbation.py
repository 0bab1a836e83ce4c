"""Oracle: autograd of the loss that is measured, which the mean over many draws tends to."""

import numpy as np
import pytest
import torch
from networks import convolution, dense, model_of, parameters_of, presentations_of, with_own
from torch.nn import functional

from dendrosim.equilibrium import Network
from dendrosim.errors import ModelError
from dendrosim.model import Parameters, load_model
from dendrosim.rules import Backpropagation, Perturbation
from dendrosim.training import train

COUNT, ROUNDS, DRAWS = 3, 40, 40
LAYERS = {
    "dense": ([5], [dense(6), dense(4), dense(3)]),
    "max-pool": ([2, 7, 6], [convolution(3), {"kind": "max-pool", "size": 2}, convolution(2, 2), dense(3)]),
    "average-pool": ([1, 6, 5], [convolution(3, 2), {"kind": "average-pool", "size": 2}, dense(4), dense(3)]),
    "branches": (
        [2, 6, 1],
        [
            {"kind": "branches", "layers": [convolution(3, [2, 1]), convolution(2, [3, 1])]},
            {"kind": "max-pool", "size": "all"},
            dense(3),
        ],
    ),
    "windows": ([1, 18, 17], [convolution(1, [3, 2]), dense(3)]),  # a head sees the means of 2 × 2 of 16 × 16 positions
}


def given(family, heads, output="softmax", deviation=1e-3, draws=DRAWS):
    stimulus, layers = LAYERS[family]
    model = model_of(stimulus, layers, output=output)
    rule = Perturbation(model, heads, draws, deviation)
    rule.generator = torch.Generator().manual_seed(1)
    parameters = with_own(parameters_of(model, 5), rule, model, seed=2)
    stimuli, targets = presentations_of(model, COUNT, 5)
    return rule, Network(model), parameters.map(torch.from_numpy), torch.tensor(stimuli), torch.tensor(targets)


def estimate(rule, engine, parameters, stimuli, targets):
    updates = rule.updates(engine, parameters, rule.infer(engine, parameters, stimuli), targets)
    return {name: direction.clone() for name, direction in updates}


def gradients(rule, engine, parameters, stimuli, targets):
    """Minus the gradient of the loss of the output, or of every head in what belongs to its layer alone."""
    state = engine.sweep(parameters, stimuli)
    wanted = dict(Backpropagation().updates(engine, parameters, state, targets))
    for layer, decoder in rule.decoders.items():
        leaves = parameters.map(lambda tensor: tensor.clone().requires_grad_())
        (projection,) = (each for each in engine.projections if each.above == layer)
        u = projection.apply(leaves.W[layer], leaves.bias[layer], state.sources[layer][0]).tanh()
        pooling = decoder.connection.pooling
        seen = functional.avg_pool2d(u, pooling.window) if pooling else u
        drive = seen.flatten(1) @ leaves.auxiliary[decoder.name].T
        engine.loss(engine.potential("output", drive), targets).backward()
        wanted |= {name: -leaf.grad for name, leaf in leaves.items() if leaf.grad is not None}
    return wanted


@pytest.mark.parametrize("output", ["softmax", "identity"])
@pytest.mark.parametrize(
    ("family", "heads"),
    # With all 256 cells at once, and no windows, the loss of the output would need many more draws.
    [(family, heads) for family in LAYERS for heads in ("output", "local") if (family, heads) != ("windows", "output")],
)
def test_the_mean_over_draws_is_the_gradient_within_its_standard_error(family, heads, output):
    rule, *network = given(family, heads, output)
    wanted = gradients(rule, *network)
    rounds = [estimate(rule, *network) for _ in range(ROUNDS)]
    assert wanted.keys() == rounds[0].keys()
    generator, scores, distances = torch.Generator().manual_seed(3), [], []
    for name, gradient in wanted.items():
        errors = torch.stack([found[name] - gradient for found in rounds]).flatten(1)
        if name.endswith(".auxiliary") or name.startswith("output"):  # the delta rule: nothing is drawn
            assert float(errors.abs().max()) < 1e-12
            continue
        along = torch.randn(errors.shape[1], 8, generator=generator, dtype=errors.dtype)
        projected = errors @ along
        scores.append(projected.mean(dim=0) / projected.std(dim=0) * ROUNDS**0.5)
        distances.append((float(errors.mean(dim=0).norm()), float(gradient.norm())))
    scores = torch.cat(scores)
    assert float(scores.abs().max()) < 4.5  # of about fifty numbers from a normal distribution
    # The errors are small beside the gradient, or else any update would pass.
    distance, length = np.linalg.norm(distances, axis=0)
    assert distance < 0.35 * length


@pytest.mark.parametrize("heads", ["output", "local"])
def test_errors_of_even_order_cancel(heads):
    def errors_with(deviation):
        rule, *network = given("dense", heads, deviation=deviation)
        return rule, network, estimate(rule, *network)

    # The same draws with smaller and smaller pushes: what is left falls with the square of the push, not with the push.
    _, _, limit = errors_with(1e-4)
    distances = []
    for deviation in (0.2, 0.1, 0.05):
        _, _, found = errors_with(deviation)
        distances.append(sum(float((found[name] - limit[name]).norm()) for name in limit))
    assert distances[0] / distances[1] == pytest.approx(4, rel=0.15)
    assert distances[1] / distances[2] == pytest.approx(4, rel=0.15)


def test_a_layer_of_local_heads_is_pushed_alone():
    rule, engine, parameters, stimuli, targets = given("dense", "local")
    first = estimate(rule, engine, parameters, stimuli, targets)
    rule.generator.manual_seed(1)
    changed = Parameters(
        {name: W + (name != "hidden-1") for name, W in parameters.W.items()},
        parameters.bias,
        parameters.theta,
        {name: V + (name != "hidden-1-decoder") for name, V in parameters.auxiliary.items()},
    )
    second = estimate(rule, engine, changed, stimuli, targets)
    for name in ("hidden-1-decoder.auxiliary", "hidden-1.bias", "hidden-1.W"):
        assert torch.equal(first[name], second[name])
    assert not torch.equal(first["hidden-2.W"], second["hidden-2.W"])


def test_cells_of_a_window_that_its_head_sees_the_mean_of_are_pushed_alike():
    # With W = 0 all cells are silent whatever is shown, and a stimulus at one position reads the error of one cell.
    model = model_of([1, 16, 16], [convolution(1, 1), dense(3)])
    rule = Perturbation(model, "local", 1, 1e-3)
    parameters = with_own(parameters_of(model, 0), rule, model).map(torch.from_numpy)
    parameters.W["hidden-1"].zero_()

    def error_at(row, column):
        rule.generator = torch.Generator().manual_seed(1)
        stimuli, targets = torch.zeros(1, 1, 16, 16).double(), torch.eye(3)[:1].double()
        stimuli[0, 0, row, column] = 1
        return float(estimate(rule, Network(model), parameters, stimuli, targets)["hidden-1.W"])

    assert error_at(2, 4) == error_at(2, 5) == error_at(3, 4) == error_at(3, 5) != 0
    assert error_at(4, 4) != error_at(3, 4)


def test_a_recurrent_network_is_refused():
    with pytest.raises(ModelError, match="'perturbation' has no form for recurrent networks"):
        Perturbation.from_model(load_model("reber-rnn"))


@pytest.mark.parametrize("heads", ["output", "local"])
@pytest.mark.parametrize(("name", "wanted"), [("digits-mlp", 0.88), ("digits-cnn", 0.65)])
def test_five_epochs_on_digits_reach_what_is_promised(name, wanted, heads):
    model = load_model(name).changed(
        training={"rule": "perturbation", "epochs": 5}, rules={"perturbation": {"heads": heads}}
    )
    assert train(model, seed=0).test_accuracy >= wanted
