"""Modules that no model has, and models that no module has, by their message."""

import pytest
import torch
from networks import convolution, dense, model_of, parameters_of, small_model
from torch import nn

import dendrosim as ds
from dendrosim.errors import DataError, ModelError, ParametersError

IMAGE = (1, 8, 8)


def images(*layers):
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(32, 2))


def convolved(**options):
    return nn.Sequential(nn.Conv2d(1, 2, 3, **options), nn.Flatten(), nn.Linear(8, 2))


REFUSED = {
    "no Sequential": (nn.Linear(2, 2), r"reads an nn\.Sequential, and this is an object of type Linear"),
    "a layer that is none": (
        nn.Sequential(nn.Flatten(), nn.Dropout(), nn.Linear(64, 2)),
        r"layer 1 \(Dropout\) is no part of a model; it has Linear, Conv2d",
    ),
    "one in a nested module": (
        nn.Sequential(nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2)), nn.Flatten(), nn.Linear(72, 2)),
        r"layer 0\.1 \(BatchNorm2d\) is no part",
    ),
    "a layer without weights yet": (nn.Sequential(nn.LazyLinear(3)), r"layer 0 \(LazyLinear\) is no part"),
    "stride": (convolved(stride=2), r"layer 0 \(Conv2d\) is another convolution.*use stride 1"),
    "dilation": (convolved(dilation=2), r"layer 0 \(Conv2d\) is another convolution"),
    "padding as wide as the kernel": (convolved(padding=3), r"layer 0 \(Conv2d\) .* smaller than the kernel"),
    "padding of two widths": (convolved(padding=(1, 0)), r"layer 0 \(Conv2d\) is another convolution"),
    "padding by reflection": (convolved(padding=1, padding_mode="reflect"), r"layer 0 \(Conv2d\) is another"),
    "a kernel beyond the image": (nn.Sequential(nn.Conv2d(1, 2, 9)), r"layer 0 \(Conv2d\) fits no model .*larger than"),
    "weights of another size": (convolved(), r"layer 2 \(Linear\) has weights of shape \(2, 8\) where \(2, 72\) would"),
    "windows that overlap": (images(nn.MaxPool2d(3, 1)), r"layer 0 \(MaxPool2d\) has windows that overlap"),
    "windows over the border": (images(nn.AvgPool2d(2, padding=1)), r"layer 0 \(AvgPool2d\) has windows that"),
    "another divisor": (images(nn.AvgPool2d(2, divisor_override=3)), r"layer 0 \(AvgPool2d\) divides by another"),
    "windows of many sizes": (images(nn.AdaptiveAvgPool2d(3)), r"layer 0 \(AdaptiveAvgPool2d\) has windows of diff"),
    "two pools": (images(nn.MaxPool2d(2), nn.AvgPool2d(2)), r"layer 1 \(AvgPool2d\) needs a layer with channels"),
    "no flattening": (nn.Sequential(nn.Conv2d(1, 2, 3), nn.Linear(6, 2)), r"layer 1 \(Linear\) .* put a Flatten"),
    "flattening of some axes": (nn.Sequential(nn.Flatten(2), nn.Linear(4, 2)), r"layer 0 \(Flatten\) keeps some axes"),
    "cells in a row below channels": (
        nn.Sequential(nn.Flatten(), nn.Conv2d(1, 2, 3)),
        r"layer 1 \(Conv2d\) follows cells that lie in a row",
    ),
    "two activations in a row": (
        nn.Sequential(nn.Flatten(), nn.Linear(64, 3), nn.Tanh(), nn.ReLU(), nn.Linear(3, 2)),
        r"layer 3 \(ReLU\) does not follow a layer of cells",
    ),
    "an activation above a mean": (
        images(nn.Conv2d(1, 2, 1), nn.AvgPool2d(2), nn.ReLU()),
        r"layer 2 \(ReLU\) does not follow a layer of cells",
    ),
    "different activations": (
        nn.Sequential(nn.Flatten(), nn.Linear(64, 3), nn.Tanh(), nn.Linear(3, 3), nn.Linear(3, 2)),
        r"layer 3 \(Linear\) has the activation identity and the first layer tanh",
    ),
    "another softplus": (
        nn.Sequential(nn.Flatten(), nn.Linear(64, 3), nn.Softplus(beta=2), nn.Linear(3, 2)),
        r"layer 2 \(Softplus\) is another softplus",
    ),
    "an activation at the end": (
        nn.Sequential(nn.Flatten(), nn.Linear(64, 3), nn.Sigmoid()),
        r"layer 1 \(Linear\) is the output and goes through sigmoid",
    ),
    "a softmax over presentations": (
        nn.Sequential(nn.Flatten(), nn.Linear(64, 3), nn.Softmax(dim=0)),
        r"layer 2 \(Softmax\) is no softmax over the cells",
    ),
    "something above the softmax": (
        nn.Sequential(nn.Flatten(), nn.Linear(64, 3), nn.Softmax(dim=1), nn.Linear(3, 2)),
        r"layer 3 \(Linear\) comes after the Softmax",
    ),
    "a convolution as output": (nn.Sequential(nn.Conv2d(1, 2, 3)), r"layer 0 \(Conv2d\) is the end of the module"),
    "no layer": (nn.Sequential(), r"there is no layer of the module where its output should be"),
}


@pytest.mark.parametrize("mistake", REFUSED)
def test_a_module_that_is_no_model_is_named_by_index_and_class(mistake):
    module, message = REFUSED[mistake]
    with pytest.raises(ModelError, match=message) as raised:
        ds.from_torch(module, input=IMAGE)
    assert str(raised.value).endswith(".")


def test_a_convolution_needs_the_shape_of_a_stimulus():
    for module in (nn.Sequential(nn.Conv2d(1, 2, 3)), nn.Sequential(nn.MaxPool2d(2))):
        with pytest.raises(
            ModelError, match=r"layer 0 .* needs the shape of a stimulus; give from_torch\(module, input="
        ):
            ds.from_torch(module)
    with pytest.raises(ModelError, match="the input is 64; give the shape"):
        ds.from_torch(nn.Sequential(nn.Linear(64, 2)), input=64)


def test_an_output_is_one_that_there_is():
    module = nn.Sequential(nn.Linear(4, 2), nn.Softmax(dim=-1))
    with pytest.raises(ModelError, match="the output is 'relu'; choose softmax, identity"):
        ds.from_torch(module, output="relu")
    with pytest.raises(ModelError, match="the module ends with a Softmax"):
        ds.from_torch(module, output="identity")


def test_weights_that_are_not_finite_are_refused():
    module = nn.Sequential(nn.Linear(4, 2))
    nn.init.constant_(module[0].weight, torch.nan)
    with pytest.raises(ParametersError, match=r"the module: 'output\.W' holds NaN"):
        ds.from_torch(module)


BRANCHES = {"kind": "branches", "layers": [convolution(2, [2, 1]), convolution(2, [3, 1])]}
IMPOSSIBLE = {
    "branches": (model_of([1, 6, 1], [BRANCHES, dense(2)]), r"small\.toml: layers\.0 \(branches\) has no form"),
    "recurrence": (model_of([3, 2], [{"kind": "recurrent", "units": 3}, dense(2)]), r"layers\.0 \(recurrent\) has no"),
    "spikes": (small_model(training={"rule": "r-stdp"}), "'r-stdp' predicts otherwise than by one sweep"),
}


@pytest.mark.parametrize("network", IMPOSSIBLE)
def test_a_network_that_no_sequential_has_is_refused(network):
    model, message = IMPOSSIBLE[network]
    with pytest.raises(ModelError, match=message):
        ds.to_torch(model, parameters_of(model, 0))


def test_what_is_exported_is_a_network_with_its_parameters():
    with pytest.raises(ModelError, match="takes a Run or a Model, and this is 'digits-mlp'"):
        ds.to_torch("digits-mlp")
    with pytest.raises(ParametersError, match="the parameters are None; give Parameters"):
        ds.to_torch(small_model())
    with pytest.raises(ParametersError, match=r"'hidden-1\.W' has shape"):
        ds.to_torch(small_model(), parameters_of(small_model((6, 4, 3, 2)), 0))


def test_a_module_is_made_of_a_model_and_its_parameters():
    with pytest.raises(ModelError, match="the model is 'digits-mlp'; give a Model"):
        ds.nn.Network("digits-mlp")
    with pytest.raises(ParametersError, match="parameters are 3; give Parameters"):
        ds.nn.Network(small_model(), 3)
    with pytest.raises(ParametersError, match=r"'hidden-1\.W' has shape"):
        ds.nn.Network(small_model(), parameters_of(small_model((6, 4, 3, 2)), 0))
    with pytest.raises(ParametersError, match="the seed is -1"):
        ds.nn.Network(small_model(), seed=-1)


STIMULI, TARGETS = torch.zeros(4, 5), torch.zeros(4, 2)
PRESENTED = {
    "stimuli with too few cells": (
        STIMULI[:, :3],
        TARGETS,
        r"are of shape \(4, 3\); give a .* \(batch, 5\)",
    ),
    "one stimulus without a batch": (STIMULI[0], TARGETS, r"stimuli are of shape \(5,\)"),
    "stimuli of NumPy": (STIMULI.numpy(), TARGETS, "stimuli are an object of type ndarray; give a tensor"),
    "targets of another batch": (STIMULI, TARGETS[:3], r"targets are of shape \(3, 2\); give .* \(4, 2\)"),
    "classes that are no whole numbers": (STIMULI, TARGETS[:, 0], r"or whole numbers of shape \(4\)"),
    "complex stimuli": (STIMULI.to(torch.complex64), TARGETS, "stimuli are complex numbers"),
    "a number": (torch.tensor(3.0), TARGETS, r"stimuli are of shape \(\)"),
    "an empty batch": (STIMULI[:0], TARGETS[:0], "there is no stimulus in this batch"),
    "a class too many": (STIMULI, torch.tensor([0, 1, 2, 0]), "there is a class that is none of the 2 outputs"),
    "a class below zero": (STIMULI, torch.tensor([0, 1, -1, 0]), "there is a class that is none of the 2 outputs"),
    "no targets": (STIMULI, None, "targets are None; give a tensor"),
}


@pytest.mark.parametrize("mistake", PRESENTED)
def test_stimuli_and_targets_that_do_not_fit_are_refused_with_the_shape_that_would(mistake):
    stimuli, targets, message = PRESENTED[mistake]
    network = ds.nn.Network(small_model())
    with pytest.raises(DataError, match=message):
        network.learn(stimuli, targets)
    assert all(parameter.grad is None for parameter in network.parameters())


def test_a_regression_takes_no_classes_and_no_broadcasting():
    network = ds.nn.Network(small_model((5, 3, 1), output="identity"))
    for targets in (torch.zeros(4), torch.zeros(4, dtype=int)):
        with pytest.raises(DataError, match=r"targets are of shape \(4,\); give a tensor of shape \(4, 1\)\.$"):
            network.learn(STIMULI, targets)
