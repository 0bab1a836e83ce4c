"""Oracle: the other engine. At local convergence the circuit equals the equilibrium engine."""

import pytest
from hypothesis import HealthCheck, given, settings
from networks import (
    convolution,
    dense,
    feedback,
    model_of,
    networks,
    parameters_of,
    presentations_of,
    small_model,
)

from dendrosim.audit.agreement import compare
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
    [
        pytest.param("softmax", {"kind": "clamped"}, "paper", marks=pytest.mark.slow),
        ("identity", {"kind": "nudged", "strength": 0.3}, "kolen-pollack"),
    ],
)
def test_compiled_targets_agree_too(target, output, teacher, rule):
    model = small_model((6, 5, 4, 3), output=output, teacher=teacher, rules=feedback(rule))
    assert agreement(model, parameters_of(model, 4), *presentations_of(model, 3, 4), target).largest <= RELATIVE


POOL = {"kind": "max-pool", "size": 2}
BRANCHES = {"kind": "branches", "layers": [convolution(2, 2), convolution(1, [1, 2]), convolution(2, 1)]}
# A hidden layer that three branches feed back to, through one pool each and through none.
BRANCHED = {
    "pools": ([1, 9, 8], [convolution(3, 2), POOL, BRANCHES, {"kind": "average-pool", "size": 2}, dense(3)]),
    "average pools": ([1, 7, 8], [convolution(2, 2), {"kind": "average-pool", "size": 2}, BRANCHES, dense(3)]),
    "no pool": ([1, 5, 4], [convolution(2, 2), BRANCHES, POOL, dense(4), dense(3)]),
}


@pytest.mark.parametrize("layers", BRANCHED)
@pytest.mark.parametrize("rule", ["kolen-pollack", "released"])
def test_a_hidden_layer_that_feeds_several_branches_hears_from_all_of_them(layers, rule):
    model = model_of(*BRANCHED[layers], rules=feedback(rule))
    assert agreement(model, parameters_of(model, 4), *presentations_of(model, 3, 4)).largest <= RELATIVE


@pytest.mark.slow
@pytest.mark.parametrize("layers", ["pools", pytest.param("no pool", marks=pytest.mark.slow)])
def test_it_does_so_in_the_compiled_circuit_too(layers):
    model = model_of(*BRANCHED[layers])
    network = (model, parameters_of(model, 4), *presentations_of(model, 3, 4))
    assert agreement(*network, target="cpp_standalone").largest <= RELATIVE


@pytest.mark.parametrize("branches", [9, 10, 11, 12, 40])
def test_any_number_of_connections_may_end_in_one_layer(branches):
    model = model_of([1, 4, 4], [{"kind": "branches", "layers": [convolution(1, 2)] * branches}, dense(3)])
    assert agreement(model, parameters_of(model, 0), *presentations_of(model, 2, 0)).largest <= RELATIVE


def test_a_sequence_of_one_step_is_a_sequence():
    model = model_of([1, 3], [{"kind": "recurrent", "units": 4}, dense(2)])
    network = (model, parameters_of(model, 0), *presentations_of(model, 5, 0))
    assert network[3].shape == (5, 1, 2)
    assert agreement(*network).largest <= RELATIVE


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
