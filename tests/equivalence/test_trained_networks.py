"""Oracle: the other engine. What torch has trained in float32 settles in Brian2 to what torch computes."""

import pytest

from dendrosim.audit.agreement import compare
from dendrosim.circuit import Circuit
from dendrosim.model import load_model
from dendrosim.training import train

FLOAT32 = 1e-5


@pytest.mark.parametrize("name", ["digits-mlp", "digits-cnn", "reber-rnn"])
@pytest.mark.parametrize("feedback", ["kolen-pollack", "paper"])
def test_trained_weights_open_in_the_circuit_and_agree_at_convergence(name, feedback):
    model = load_model(name).changed(training={"epochs": 2}, rules={"dll": {"feedback": feedback}})
    run = train(model, seed=3)
    circuit = Circuit(model, run.parameters, dt=1.0)
    stimuli, targets = run.data.test.stimuli[:3], run.data.test.targets[:3]
    assert circuit.relax(stimuli, targets, start="settled", time_limit=3000.0).converged
    assert compare(circuit, stimuli, targets).largest <= FLOAT32
