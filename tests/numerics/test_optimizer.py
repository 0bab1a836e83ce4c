"""The optimizer step by step against torch.optim, and label smoothing against torch's cross-entropy."""

import pytest
import torch
from networks import convolution, dense, model_of
from torch.nn import functional
from trainings import training_of

from dendrosim.equilibrium.maps import channels_last
from dendrosim.errors import PluginError
from dendrosim.model import Parameters
from dendrosim.model.schedule import SCHEDULES
from dendrosim.registry import RULES
from dendrosim.training import Hardware, train
from dendrosim.training.optimizer import Optimizer

STEPS = 12
DECAY = {"dll": {"feedback": "kolen-pollack", "theta_rate": 0.5, "decay": 0.2}}


def tensors(model):
    return Parameters.initialise(model, 0).map(lambda array: channels_last(torch.from_numpy(array).double()))


def directions(parameters, seed):
    generator = torch.Generator().manual_seed(seed)
    return [(name, torch.randn(p.shape, generator=generator, dtype=p.dtype)) for name, p in parameters.items()]


def network(rules=DECAY, **training):
    return model_of([1, 6, 6], [convolution(3), convolution(2), dense(3)], rules=rules, training=training)


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize(("optimizer", "oracle"), [("adam", torch.optim.AdamW), ("sgd", torch.optim.SGD)])
def test_each_step_is_the_one_of_torch(optimizer, oracle, schedule):
    model = network(optimizer=optimizer, schedule=schedule, learning_rate=0.02)
    ours, theirs = tensors(model), tensors(model)
    rule = RULES["dll"].from_model(model)
    ascent = Optimizer(ours, rule, model, STEPS)
    groups = []
    for name, tensor in theirs.items():
        kind = name.rsplit(".", 1)[1]
        scale, decay = (0.5 if kind == "theta" else 1.0), (0.0 if kind == "bias" else 0.2)
        groups.append({"params": [tensor], "lr": 0.02 * scale, "scale": scale, "weight_decay": decay})
    descent = oracle(groups)
    for step in range(STEPS):
        given = directions(ours, step)
        ascent.step(iter(given))
        for group, (_, direction) in zip(groups, given, strict=True):
            group["params"][0].grad = -direction
        for group in descent.param_groups:
            group["lr"] = 0.02 * group["scale"] * SCHEDULES[schedule](step / STEPS)
        descent.step()
        for (name, a), (_, b) in zip(ours.items(), theirs.items(), strict=True):
            torch.testing.assert_close(a, b, rtol=0, atol=1e-14, msg=f"{name} after step {step + 1}")


def test_the_learning_rate_warms_up_in_proportion_to_the_batches_and_follows_its_schedule_then():
    model = network(learning_rate=0.5, schedule="linear", warm_up=4)
    parameters = tensors(model)
    optimizer = Optimizer(parameters, RULES["dll"].from_model(model), model, STEPS)
    rates = []
    for _ in range(STEPS):
        rates.append(optimizer.learning_rate)
        optimizer.step(iter(()))
    expected = [0.5 * min((step + 1) / 4, 1) * (1 - step / STEPS) for step in range(STEPS)]
    assert rates == pytest.approx(expected, rel=1e-15)


def test_kernels_keep_their_channels_side_by_side_and_shared_directions_stay_as_they_are():
    model = network()
    parameters = tensors(model)
    strides = {name: tensor.stride() for name, tensor in parameters.items()}
    given = directions(parameters, 0)
    before = [direction.clone() for _, direction in given]
    Optimizer(parameters, RULES["dll"].from_model(model), model, STEPS).step(iter(given))
    assert strides == {name: tensor.stride() for name, tensor in parameters.items()}
    assert parameters.W["hidden-2"].is_contiguous(memory_format=torch.channels_last)
    for (name, direction), old in zip(given, before, strict=True):
        assert torch.equal(direction, old), name


def test_a_clamp_bounds_every_entry_of_a_direction():
    plain = {"dll": {"theta_rate": 1.0, "decay": 0.0}}
    model = network(plain, optimizer="sgd", schedule="constant", learning_rate=1.0, clamp=0.25)
    parameters = tensors(model)
    before = parameters.map(torch.clone)
    given = directions(parameters, 0)
    Optimizer(parameters, RULES["dll"].from_model(model), model, STEPS).step(iter(given))
    for (name, new), (_, old), (_, direction) in zip(parameters.items(), before.items(), given, strict=True):
        torch.testing.assert_close(new - old, direction.clamp(-0.25, 0.25), msg=name)
    assert any((direction.abs() > 0.25).any() for _, direction in given)


def test_a_parameter_without_a_direction_does_not_even_decay():
    model = network()
    parameters = tensors(model)
    before = parameters.theta["output"].clone()
    given = [(name, direction) for name, direction in directions(parameters, 0) if not name.endswith("theta")]
    Optimizer(parameters, RULES["dll"].from_model(model), model, STEPS).step(iter(given))
    assert torch.equal(parameters.theta["output"], before)


def test_label_smoothing_is_the_cross_entropy_with_smoothed_targets():
    rate, smoothing = 0.5, 0.3
    whole = {"epochs": 1, "batch_size": 5000, "optimizer": "sgd", "learning_rate": rate}
    model = training_of("mlp", rule="backpropagation", label_smoothing=smoothing, **whole)
    run = train(model, hardware=Hardware(dtype="float64"))
    start = Parameters.initialise(model, 0).map(lambda array: torch.from_numpy(array).double().requires_grad_())
    stimuli = torch.from_numpy(run.data.train.stimuli[:]).double()
    hidden = torch.tanh(functional.linear(stimuli, start.W["hidden-1"], start.bias["hidden-1"]))
    drive = functional.linear(hidden, start.W["output"], start.bias["output"])
    labels = torch.from_numpy(run.data.train.labels)
    functional.cross_entropy(drive, labels, label_smoothing=smoothing).backward()
    for (name, new), (_, old) in zip(run.parameters.items(), start.items(), strict=True):
        if old.grad is not None:  # Θ has no part in backpropagation
            wanted = old.detach() - rate * old.grad
            torch.testing.assert_close(torch.from_numpy(new), wanted, rtol=0, atol=1e-13, msg=name)


def moving_alike(theta_moves_as_W):
    model = network({"dll": {"feedback": "kolen-pollack", "theta_rate": 1.0, "decay": 0.2}}, learning_rate=0.02)
    rule = RULES["dll"].from_model(model)
    rule.theta_moves_as_W = theta_moves_as_W
    parameters = tensors(model)
    return parameters, Optimizer(parameters, rule, model, STEPS)


def shared(parameters, seed):
    """Directions in the order of a rule: Θ after W, with the very same tensor."""
    for name, direction in directions(parameters, seed):
        if not name.endswith("theta"):
            yield name, direction
        if name.endswith("W") and (theta := f"{name.removesuffix('.W')}.theta") in dict(parameters.items()):
            yield theta, direction


def test_feedback_weights_that_move_as_the_others_have_no_moments_and_the_same_bits():
    (ours, together), (theirs, apart) = moving_alike(True), moving_alike(False)
    for step in range(STEPS):
        together.step(shared(ours, step))
        apart.step(shared(theirs, step))
    for (name, a), (_, b) in zip(ours.items(), theirs.items(), strict=True):
        assert torch.equal(a, b), name
    assert together.state().keys() == {name for name in apart.state() if ".theta." not in name}
    for name, moment in together.state().items():
        assert torch.equal(moment, apart.state()[name]), name


def test_moments_of_feedback_weights_that_an_earlier_version_kept_are_not_needed():
    (ours, together), (theirs, apart) = moving_alike(True), moving_alike(False)
    for step in range(STEPS):
        apart.step(shared(theirs, step))
    for (_, tensor), (_, there) in zip(ours.items(), theirs.items(), strict=True):
        tensor.copy_(there)
    together.restore(apart.state(), STEPS)
    together.step(shared(ours, STEPS))
    apart.step(shared(theirs, STEPS))
    for (name, a), (_, b) in zip(ours.items(), theirs.items(), strict=True):
        assert torch.equal(a, b), name


def test_without_decay_what_the_two_weights_of_a_connection_differ_by_stays():
    model = network({"dll": {"feedback": "mirror"}}, learning_rate=0.02)
    parameters = tensors(model)
    optimizer = Optimizer(parameters, RULES["dll"].from_model(model), model, STEPS)
    before = {name: parameters.W[name] - theta for name, theta in parameters.theta.items()}
    for step in range(STEPS):
        optimizer.step(shared(parameters, step))
    for name, theta in parameters.theta.items():
        torch.testing.assert_close(parameters.W[name] - theta, before[name], rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    "given",
    [["hidden-2.W"], ["hidden-2.theta"], ["hidden-2.W", "output.W"], ["hidden-2.W", "hidden-2.theta"]],
)
def test_a_rule_whose_feedback_weights_do_not_move_as_it_says_is_refused(given):
    parameters, optimizer = moving_alike(True)
    found = dict(directions(parameters, 0))
    with pytest.raises(PluginError, match=r"'dll' says that Θ moves as W, and 'hidden-2\..*theta_moves_as_W to False"):
        optimizer.step(iter([(name, found[name]) for name in given]))
