"""Auxiliary parameters and noise of a rule: drawn apart, kept in files and checkpoints, of no account elsewhere."""

import numpy as np
import pytest
import torch
from networks import parameters_of, presentations_of, small_model
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from dendrosim.circuit import Circuit
from dendrosim.errors import ParametersError
from dendrosim.model import Parameters, load_model
from dendrosim.model.parameters import WEIGHTS
from dendrosim.rules import Backpropagation
from dendrosim.training import train
from dendrosim.training.checkpoint import NAME as CHECKPOINT
from dendrosim.training.checkpoint import _checksum


def drawn(model, generator):
    return {"decoder": generator.standard_normal((4, 2))}


class Noisy(Backpropagation):
    """Backpropagation with a decoder and with noise, for the tests."""

    name = "noisy"

    def auxiliary(self, model, generator):
        return drawn(model, generator)

    def updates(self, network, parameters, state, targets):
        yield from super().updates(network, parameters, state, targets)
        yield "decoder.auxiliary", torch.randn(4, 2, generator=self.generator)


def test_what_a_rule_draws_leaves_the_other_streams_alone():
    model = small_model()
    plain, owning = Parameters.initialise(model, 4), Parameters.initialise(model, 4, auxiliary=drawn)
    for name, array in plain.items():
        np.testing.assert_array_equal(dict(owning.items())[name], array)
    assert owning.auxiliary["decoder"].dtype == np.float32
    assert not plain.auxiliary


def test_files_give_back_auxiliary_parameters_and_the_circuit_ignores_them(tmp_path):
    model = small_model()
    parameters = Parameters.initialise(model, 4, auxiliary=drawn)
    parameters.save(tmp_path / "weights.safetensors", model)
    again = Parameters.load(tmp_path / "weights.safetensors", model)
    np.testing.assert_array_equal(again.auxiliary["decoder"], parameters.auxiliary["decoder"])
    stimuli, targets = presentations_of(model, 2, 0)
    circuits = [Circuit(model, each, target="numpy") for each in (again, Parameters.initialise(model, 4))]
    for circuit in circuits:
        circuit.relax(stimuli, targets)
    first, second = (circuit.updates() for circuit in circuits)
    for (name, a), (_, b) in zip(first.items(), second.items(), strict=True):
        np.testing.assert_array_equal(a, b, err_msg=name)


def test_files_of_version_0_1_which_called_them_own_are_read_and_resumed(tmp_path):
    model = load_model("digits-mlp", rule=Noisy).changed(training={"epochs": 2})
    run = train(model.changed(training={"epochs": 1}), seed=1, folder=tmp_path)
    for name in (WEIGHTS, CHECKPOINT):
        with safe_open(tmp_path / name, framework="numpy") as file:
            metadata = file.metadata()
        before = load_file(tmp_path / name)
        tensors = {key.replace("decoder.auxiliary", "decoder.own"): tensor for key, tensor in before.items()}
        assert tensors.keys() != before.keys()
        if name == CHECKPOINT:
            metadata["checksum"] = _checksum(metadata["dendrosim"], tensors)
        save_file(tensors, tmp_path / name, metadata)
    decoder = run.parameters.auxiliary["decoder"]
    np.testing.assert_array_equal(Parameters.load(tmp_path / WEIGHTS, model).auxiliary["decoder"], decoder)
    assert len(train(model, seed=1, folder=tmp_path, resume=True).history) == 2


def test_auxiliary_parameters_that_are_not_finite_are_refused():
    parameters = parameters_of(small_model(), 0)
    parameters.auxiliary["decoder"] = np.array([np.nan])
    with pytest.raises(ParametersError, match=r"decoder\.auxiliary.*diverged"):
        parameters.check(small_model())


def test_a_training_with_noise_goes_on_to_the_bit_where_it_was_interrupted(tmp_path):
    model = load_model("digits-mlp", rule=Noisy).changed(training={"epochs": 3})

    def stop(row):
        if row["epoch"] == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(model, seed=1, folder=tmp_path / "run", report=stop)
    resumed = train(model, seed=1, folder=tmp_path / "run", resume=True).parameters
    whole = train(model, seed=1).parameters
    drawn_anew = Parameters.initialise(model, 1, auxiliary=drawn)
    assert not np.array_equal(whole.auxiliary["decoder"], drawn_anew.auxiliary["decoder"])
    for (name, a), (_, b) in zip(resumed.items(), whole.items(), strict=True):
        assert a.tobytes() == b.tobytes(), name
