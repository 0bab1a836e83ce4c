"""Weights files that are missing, damaged or somebody else's."""

import numpy as np
import pytest
from networks import parameters_of, small_model

from dendrosim.circuit import Circuit
from dendrosim.errors import ParametersError
from dendrosim.model import Parameters

MODEL = small_model()


@pytest.fixture
def weights(tmp_path):
    path = tmp_path / "weights.safetensors"
    parameters_of(MODEL, 0).save(path, MODEL)
    return path


@pytest.mark.parametrize("kept", [0, 4, 100, 0.5, 0.99])
def test_a_truncated_file_is_reported_and_never_used(weights, kept):
    content = weights.read_bytes()
    weights.write_bytes(content[: int(kept if kept >= 1 else kept * len(content))])
    with pytest.raises(ParametersError, match=r"damaged or truncated.*train again"):
        Parameters.load(weights, MODEL)


def test_bytes_that_are_no_weights_at_all_are_reported(weights):
    weights.write_bytes(b"not weights" * 100)
    with pytest.raises(ParametersError, match=r"damaged or truncated"):
        Parameters.load(weights, MODEL)


@pytest.mark.parametrize("other", [small_model((5, 4, 4, 2)), small_model((5, 4, 2)), small_model(activation="relu")])
def test_weights_of_another_architecture_name_both(weights, other):
    with pytest.raises(ParametersError, match=rf"weights of {MODEL.architecture}, .* describes {other.architecture}"):
        Parameters.load(weights, other)


def test_a_missing_file_says_how_to_make_one(tmp_path):
    with pytest.raises(ParametersError, match=r"no such weights file; make one with 'dendrosim train'"):
        Parameters.load(tmp_path / "nothing.safetensors", MODEL)
    with pytest.raises(ParametersError, match=r"x: there is no such weights file"):
        Parameters.load("x" * 300, MODEL)


def test_a_circuit_refuses_parameters_of_another_network():
    with pytest.raises(ParametersError, match=r"'hidden-2.W' has shape"):
        Circuit(MODEL, parameters_of(small_model((5, 4, 4, 2)), 0))


def test_a_circuit_refuses_parameters_with_something_missing():
    parameters = parameters_of(MODEL, 0)
    del parameters.theta["output"]
    with pytest.raises(ParametersError, match=r"'output.theta' has nothing where"):
        Circuit(MODEL, parameters)


def test_a_circuit_refuses_weights_that_are_not_finite():
    parameters = parameters_of(MODEL, 0)
    parameters.W["hidden-1"][0, 0] = np.nan
    with pytest.raises(ParametersError, match=r"'hidden-1.W' holds NaN"):
        Circuit(MODEL, parameters)
