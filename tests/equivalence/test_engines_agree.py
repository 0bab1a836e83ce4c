"""Oracle: the other engine. At local convergence the circuit equals the equilibrium engine."""

import pytest
from hypothesis import HealthCheck, given, settings
from networks import feedback, networks, parameters_of, presentations_of, small_model

from dendrosim.agreement import compare
from dendrosim.circuit import Circuit

RELATIVE = 1e-6


def agreement(model, parameters, stimuli, targets, target="numpy", start="rest"):
    shortest = min(tau for tau in (model.cell.tau_soma, model.cell.tau_basal, model.cell.tau_apical) if tau > 0)
    circuit = Circuit(model, parameters, target, dt=shortest / 2)
    recording = circuit.relax(stimuli, targets, start=start, tolerance=1e-12, time_limit=3000.0)
    assert recording.converged
    return compare(circuit, stimuli, targets)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(networks())
def test_error_and_weight_changes_of_random_networks_agree(network):
    assert agreement(*network).largest <= RELATIVE


@pytest.mark.parametrize("target", ["cython", "cpp_standalone"])
@pytest.mark.parametrize(
    ("output", "teacher", "rule"),
    [("softmax", {"kind": "clamped"}, "paper"), ("identity", {"kind": "nudged", "strength": 0.3}, "kolen-pollack")],
)
def test_compiled_targets_agree_too(target, output, teacher, rule):
    model = small_model((6, 5, 4, 3), output=output, teacher=teacher, rules=feedback(rule))
    assert agreement(model, parameters_of(model, 4), *presentations_of(model, 3, 4), target).largest <= RELATIVE


def test_the_way_to_the_fixed_point_does_not_matter():
    model = small_model()
    network = (model, parameters_of(model, 7), *presentations_of(model, 2, 7))
    assert agreement(*network, start="settled").largest <= RELATIVE
    assert agreement(*network, start="rest").largest <= RELATIVE


def test_a_wrong_weight_would_be_noticed():
    model = small_model()
    parameters, (stimuli, targets) = parameters_of(model, 7), presentations_of(model, 2, 7)
    circuit = Circuit(model, parameters)
    circuit.relax(stimuli, targets)
    parameters.theta["output"][0, 0] += 1e-3
    assert compare(circuit, stimuli, targets).largest > 1e-5
