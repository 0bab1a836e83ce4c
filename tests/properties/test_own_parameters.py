"""Parameters and noise of a rule's own: drawn apart, kept in files and checkpoints, and of no account elsewhere."""

import numpy as np
import pytest
import torch
from networks import parameters_of, presentations_of, small_model

from dendrosim.circuit import Circuit
from dendrosim.errors import ParametersError
from dendrosim.model import Parameters, load_model
from dendrosim.rules import Backpropagation
from dendrosim.training import train


def drawn(model, generator):
    return {"decoder": generator.standard_normal((4, 2))}


class Noisy(Backpropagation):
    """Backpropagation with a decoder and with noise, for the tests."""

    name = "noisy"

    def own(self, model, generator):
        return drawn(model, generator)

    def updates(self, network, parameters, state, targets):
        yield from super().updates(network, parameters, state, targets)
        yield "decoder.own", torch.randn(4, 2, generator=self.generator)


def test_what_a_rule_draws_leaves_the_other_streams_alone():
    model = small_model()
    plain, owning = Parameters.initialise(model, 4), Parameters.initialise(model, 4, own=drawn)
    for name, array in plain.items():
        np.testing.assert_array_equal(dict(owning.items())[name], array)
    assert owning.own["decoder"].dtype == np.float32
    assert not plain.own


def test_files_give_back_what_a_rule_has_of_its_own_and_the_circuit_ignores_it(tmp_path):
    model = small_model()
    parameters = Parameters.initialise(model, 4, own=drawn)
    parameters.save(tmp_path / "weights.safetensors", model)
    again = Parameters.load(tmp_path / "weights.safetensors", model)
    np.testing.assert_array_equal(again.own["decoder"], parameters.own["decoder"])
    stimuli, targets = presentations_of(model, 2, 0)
    circuits = [Circuit(model, each, target="numpy") for each in (again, Parameters.initialise(model, 4))]
    for circuit in circuits:
        circuit.relax(stimuli, targets)
    first, second = (circuit.updates() for circuit in circuits)
    for (name, a), (_, b) in zip(first.items(), second.items(), strict=True):
        np.testing.assert_array_equal(a, b, err_msg=name)


def test_own_parameters_that_are_not_finite_are_refused():
    parameters = parameters_of(small_model(), 0)
    parameters.own["decoder"] = np.array([np.nan])
    with pytest.raises(ParametersError, match=r"decoder\.own.*diverged"):
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
    drawn_anew = Parameters.initialise(model, 1, own=drawn)
    assert not np.array_equal(whole.own["decoder"], drawn_anew.own["decoder"])
    for (name, a), (_, b) in zip(resumed.items(), whole.items(), strict=True):
        assert a.tobytes() == b.tobytes(), name
