"""Learning in Brian2 alone: what continuous and at-convergence plasticity reach, beside a linear readout."""

import numpy as np
import pytest

from dendrosim.circuit import Circuit
from dendrosim.data import load_data
from dendrosim.model import Parameters, load_model
from dendrosim.recording import Record

MODEL = load_model("digits-mlp")
DATA = load_data(MODEL)


def accuracy(model, integrator, dt):
    """Let a circuit learn, then show it the test digits without a teacher."""
    circuit = Circuit(model, Parameters.initialise(model, 0), integrator=integrator, dt=dt)
    circuit.learn(DATA.train.stimuli, DATA.train.targets)
    test = Circuit(model, circuit.parameters, integrator="settle", batch=360)
    test.relax(DATA.test.stimuli, record=Record(neurons={}))
    return np.mean(test.state["output"]["basal"].argmax(axis=1) == DATA.test.labels)


@pytest.fixture(scope="module")
def linear_readout():
    return accuracy(MODEL.changed(layers=[{"kind": "dense", "units": 10}]), "exponential_euler", 1.0)


def test_plasticity_that_is_always_on_reaches_95_percent_and_more_than_a_linear_readout(linear_readout):
    assert accuracy(MODEL, "exponential_euler", 1.0) >= max(0.95, linear_readout)


@pytest.mark.slow
def test_updates_at_convergence_reach_96_percent_and_more_than_a_linear_readout(linear_readout):
    model = MODEL.changed(plasticity={"mode": "at-convergence"})
    assert accuracy(model, "settle", None) >= max(0.96, linear_readout)


@pytest.mark.slow
def test_feedback_that_learns_from_noise_reaches_97_percent_and_more_than_a_linear_readout(linear_readout):
    model = MODEL.changed(
        cell={"noise": 0.1}, rules={"dll": {"feedback": "mirror"}}, plasticity={"learning_rate": 1.0, "decay": 0.001}
    )
    assert accuracy(model, "exponential_euler", 1.0) >= max(0.97, linear_readout)
