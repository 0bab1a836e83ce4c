"""A module of torch learns to the bit as the trainer does, and plain modules put out what networks do."""

import io

import numpy as np
import onnxruntime
import pytest
import torch
from networks import convolution, dense, feedback, model_of, parameters_of, presentations_of, small_model
from torch import nn
from torch.nn import functional
from trainings import training_of

import dendrosim as ds
from dendrosim.model.randomness import stream
from dendrosim.model.schedule import SCHEDULES
from dendrosim.registry import RULES
from dendrosim.rules.dll import FEEDBACK
from dendrosim.training import Hardware, train

SHORT = {"epochs": 2, "batch_size": 300, "learning_rate": 0.003}
DENSE = ("dll", "forward-forward")  # of the latter, each layer has as many channels as there are classes, or is dense
SEQUENTIAL = ("dll", "predictive-coding", "backpropagation")
TRAININGS = {
    **{f"cnn {rule}": training_of("cnn", rule=rule, **SHORT) for rule in RULES if rule not in DENSE},
    **{f"mlp {rule}": training_of("mlp", rule=rule, **SHORT) for rule in DENSE if rule != "dll"},
    **{f"mlp dll {rule}": training_of("mlp", rules=feedback(rule), **SHORT) for rule in FEEDBACK},
    **{f"cnn dll {rule}": training_of("cnn", rules=feedback(rule), **SHORT) for rule in FEEDBACK},
    **{f"rnn {rule}": training_of("rnn", rule=rule, **SHORT) for rule in SEQUENTIAL},
    "mlp with decay, smoothing, a clamp and a seed": training_of(
        "mlp",
        rules={"dll": {"feedback": "kolen-pollack", "decay": 0.1, "theta_rate": 0.5}},
        **SHORT,
        label_smoothing=0.1,
        clamp=0.004,
        schedule="constant",
        seed=3,
    ),
}


def trained_by_hand(network, data):
    """Train a module as anybody would, in the order of samples of the trainer."""
    training = network.model.training
    optimizer = torch.optim.AdamW(network.parameter_groups(), fused=True)
    batches = -(-len(data.train) // training.batch_size)
    steps, schedule = training.epochs * batches, SCHEDULES[training.schedule]
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: schedule(step / steps))
    for epoch in range(1, training.epochs + 1):
        order = np.random.default_rng(stream(training.seed, "order of samples", epoch)).permutation(len(data.train))
        network.start_epoch(epoch)
        for start in range(0, len(order), training.batch_size):
            batch = order[start : start + training.batch_size]
            optimizer.zero_grad()
            network.learn(*(torch.from_numpy(part[batch]) for part in (data.train.stimuli, data.train.targets)))
            if training.clamp is not None:
                nn.utils.clip_grad_value_(network.parameters(), training.clamp)
            optimizer.step()
            scheduler.step()
    return network.to_parameters()


@pytest.mark.parametrize("name", TRAININGS)
def test_a_loop_of_torch_takes_the_steps_of_the_trainer_to_the_bit(name):
    run = train(TRAININGS[name])
    network = ds.nn.Network(run.model)
    assert trained_by_hand(network, run.data).digest == run.parameters.digest
    stimuli = run.data.test.stimuli[:50]
    outputs = network.predict(torch.from_numpy(stimuli)).numpy()
    assert np.array_equal(outputs, run.predict(stimuli))


@pytest.mark.parametrize("name", [f"mlp dll {rule}" for rule in FEEDBACK])
def test_in_double_precision_too(name):
    run = train(TRAININGS[name], hardware=Hardware(dtype="float64"))
    assert trained_by_hand(ds.nn.Network(run.model).double(), run.data).digest == run.parameters.digest


FORWARD = {
    "mlp": small_model(),
    "regression": small_model(output="identity"),
    "softplus": small_model(activation="softplus"),
    "cnn": model_of([2, 6, 7], [convolution(3), {"kind": "max-pool", "size": 2}, dense(4), dense(3)]),
    "rnn": model_of([4, 3], [{"kind": "recurrent", "units": 5}, dense(3)]),
    "branches": model_of(
        [2, 6, 1],
        [
            {"kind": "branches", "layers": [convolution(2, [2, 1]), convolution(3, [3, 1])]},
            {"kind": "max-pool", "size": "all"},
            dense(3),
        ],
    ),
}


@pytest.mark.parametrize("name", FORWARD)
def test_the_logits_have_the_gradient_of_backpropagation_in_autograd(name):
    model = FORWARD[name].changed(training={"rule": "backpropagation"})
    network = ds.nn.Network(model, parameters_of(model, 0))
    stimuli, targets = map(torch.from_numpy, presentations_of(model, 7, 0))
    logits = network(stimuli.requires_grad_())
    predicted = network.predict(stimuli)
    if model.output == "softmax":
        torch.testing.assert_close(logits.softmax(dim=-1), predicted, rtol=0, atol=1e-15)
        loss = functional.cross_entropy(logits.flatten(0, -2), targets.flatten(0, -2))
    else:
        assert torch.equal(logits, predicted)
        loss = functional.mse_loss(logits, targets) * targets.shape[-1] / 2
    loss.backward()
    found = {key: p.grad.clone() for key, p in network.named_parameters() if p.grad is not None}
    assert stimuli.grad.any()
    network.zero_grad()
    torch.testing.assert_close(network.learn(stimuli, targets), loss.detach())
    for key, parameter in network.named_parameters():
        assert (parameter.grad is None) == (key not in found), key
        if key in found:
            torch.testing.assert_close(parameter.grad, found[key], rtol=1e-10, atol=1e-14, msg=key)


CONVOLUTIONAL = [
    convolution(4, [3, 2], 1),
    {"kind": "max-pool", "size": 2},
    convolution(3, 2),
    {"kind": "average-pool", "size": "all"},
    dense(5),
    dense(3),
]
PLAIN = {
    "mlp": small_model(),
    "images for dense cells": model_of([1, 4, 4], [dense(6), dense(3)], activation="sigmoid"),
    "one layer, linear": model_of([5], [dense(2)], output="identity"),
    **{
        f"cnn {activation}": model_of([2, 7, 9], CONVOLUTIONAL, activation=activation)
        for activation in ("tanh", "relu", "softplus", "identity")
    },
}


def predictions(model, parameters, stimuli):
    hardware = Hardware(dtype="float64" if stimuli.dtype == np.float64 else "float32")
    return ds.Run(model, parameters, (), 0, {"accuracy": 0.0}).predict(stimuli, hardware)


@pytest.mark.parametrize("name", PLAIN)
def test_a_plain_sequential_puts_out_what_the_network_predicts_and_comes_back(name):
    model = PLAIN[name]
    parameters = parameters_of(model, 0)
    stimuli = presentations_of(model, 9, 0)[0].astype(np.float32)  # what is predicted is read as float32
    double = ds.to_torch(model, parameters)
    expected = predictions(model, parameters, stimuli.astype(np.float64))
    np.testing.assert_allclose(double(torch.from_numpy(stimuli).double()).detach(), expected, rtol=0, atol=1e-12)
    single = parameters.map(lambda array: array.astype(np.float32))
    outputs = ds.to_torch(model, single)(torch.from_numpy(stimuli)).detach()
    np.testing.assert_allclose(outputs, predictions(model, single, stimuli), rtol=0, atol=1e-6)
    again, same = ds.from_torch(double, input=model.input)
    assert (again.architecture, again.fingerprint) == (model.architecture, model.fingerprint)
    for kind in ("W", "bias"):
        for key, array in getattr(parameters, kind).items():
            assert np.array_equal(getattr(same, kind)[key], array), key


@pytest.mark.parametrize("name", ["mlp", "cnn tanh", "cnn softplus"])
def test_an_exported_network_runs_in_onnx(name, tmp_path):
    model = PLAIN[name]
    parameters = ds.Parameters.initialise(model, 0)
    stimuli = presentations_of(model, 4, 0)[0].astype(np.float32)
    file = tmp_path / "network.onnx"
    torch.onnx.export(ds.to_torch(model, parameters).eval(), (torch.from_numpy(stimuli),), file, dynamo=True)
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    (outputs,) = session.run(None, {session.get_inputs()[0].name: stimuli})
    np.testing.assert_allclose(outputs, predictions(model, parameters, stimuli), rtol=0, atol=1e-6)


def test_a_module_of_a_stranger_puts_out_the_same_as_its_model():
    torch.manual_seed(0)
    features = nn.Sequential(
        nn.Conv2d(3, 4, 3, padding="same", bias=False),
        nn.ReLU(inplace=True),
        nn.MaxPool2d((2, 1)),
        nn.Conv2d(4, 5, (2, 3)),
        nn.MaxPool2d(2),
        nn.ReLU(),  # the largest is the same after it
        nn.Identity(),
    )
    module = nn.Sequential(features, nn.Flatten(), nn.Linear(5 * 2 * 3, 6), nn.ReLU(), nn.Linear(6, 4))
    stimuli = torch.randn(8, 3, 10, 8)
    model, parameters = ds.from_torch(module, input=(3, 10, 8), output="softmax", seed=5)
    np.testing.assert_allclose(
        predictions(model, parameters, stimuli.numpy()), module(stimuli).softmax(dim=-1).detach(), rtol=0, atol=1e-6
    )
    drawn = ds.Parameters.initialise(model, 5)
    assert all(np.array_equal(parameters.theta[name], drawn.theta[name]) for name in drawn.theta)
    linear, _ = ds.from_torch(module, input=(3, 10, 8))
    assert linear.output == "identity"
    assert all(parameters.W[name].dtype == np.float32 for name in parameters.W)


def test_a_trained_run_becomes_plain_torch_without_a_class_of_ours():
    run = train(training_of("cnn", epochs=1))
    module = ds.to_torch(run)
    assert not [part for part in module.modules() if type(part).__module__.startswith("dendrosim")]
    stimuli = run.data.test.stimuli[:20]
    np.testing.assert_allclose(module(torch.from_numpy(stimuli)).detach(), run.predict(stimuli), rtol=0, atol=1e-6)
    file = io.BytesIO()
    torch.save(module, file)
    assert b"dendrosim" not in file.getvalue()
