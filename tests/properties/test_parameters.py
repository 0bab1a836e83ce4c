"""Parameters: independent streams (C1), and files that give back what was saved."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import networks, parameters_of, small_model

from dendrosim.model import Parameters, load_model


@given(st.integers(0, 2**31))
@settings(max_examples=20, deadline=None)
def test_theta_is_drawn_independently_of_w(seed):
    parameters = Parameters.initialise(load_model("digits-mlp"), seed)
    for name, theta in parameters.theta.items():
        W = parameters.W[name]
        assert W.shape == theta.shape
        assert not np.shares_memory(W, theta)
        assert abs(np.corrcoef(W.ravel(), theta.ravel())[0, 1]) < 5 / np.sqrt(W.size)


def test_initial_variances_are_one_over_the_number_of_inputs_of_each_direction():
    parameters = Parameters.initialise(small_model((300, 200, 100)), 0)
    assert parameters.W["hidden-1"].std() == pytest.approx(1 / np.sqrt(300), rel=0.02)
    assert parameters.theta["output"].std() == pytest.approx(1 / np.sqrt(100), rel=0.02)
    assert not any(bias.any() for bias in parameters.bias.values())


def test_the_lowest_layer_has_no_feedback_weights():
    assert set(parameters_of(small_model((4, 3, 3, 2)), 0).theta) == {"hidden-2", "output"}
    assert not parameters_of(small_model((4, 2)), 0).theta


@given(networks())
@settings(max_examples=15, deadline=None)
def test_a_weights_file_gives_back_every_bit(tmp_path_factory, network):
    model, parameters, *_ = network
    path = tmp_path_factory.mktemp("weights") / "weights.safetensors"
    parameters.save(path, model)
    again = Parameters.load(path, model)
    assert dict(again.items()).keys() == dict(parameters.items()).keys()
    for name, array in parameters.items():
        np.testing.assert_array_equal(dict(again.items())[name], array)
    assert [file.name for file in path.parent.iterdir()] == ["weights.safetensors"]


def test_weights_fit_any_training_settings_but_only_their_own_architecture():
    model = small_model()
    assert model.fingerprint == model.changed(training={"epochs": 99}, cell={"tau_soma": 5.0}).fingerprint
    assert model.fingerprint != model.changed(activation="relu").fingerprint
    assert model.fingerprint != small_model((5, 4, 4, 2)).fingerprint
