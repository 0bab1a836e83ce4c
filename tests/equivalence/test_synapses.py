"""Oracle: the same network in idiomatic Brian2, with all-to-all Synapses and summed variables."""

import brian2 as b2
import numpy as np
import pytest
from brian2.devices.device import runtime_device
from networks import parameters_of, presentations_of, small_model

from dendrosim.benchmark.idiomatic import idiomatic_network
from dendrosim.circuit import Circuit
from dendrosim.circuit.target import active, find_target
from dendrosim.recording import Record

COMPARTMENTS = ("basal", "apical", "soma")


@pytest.mark.parametrize("tuned", [False, True])
def test_the_fixed_point_and_the_way_to_it_equal_those_of_all_to_all_synapses(tuned):
    model = small_model((5, 4, 3, 2), output="identity")
    parameters, (stimuli, targets) = parameters_of(model, 11), presentations_of(model, 1, 11)
    recording = Circuit(model, parameters, dt=0.05).relax(
        stimuli, targets, record=Record(COMPARTMENTS, interval=0.05), tolerance=1e-12
    )
    with active(runtime_device, find_target("numpy").preferences | {"codegen.target": "numpy"}):
        network = idiomatic_network(model, parameters, stimuli[0], targets[0], dt=0.05, tuned=tuned)
        # On the way, the two schedules differ by a step of lag or two; at the fixed point they must not differ.
        for until, more, tolerance in ((7.0, 7.0, 0.02), (400.0, 393.0, 1e-10)):
            network.run(more * b2.ms, namespace={})
            moment = recording.dataset.isel(presentation=0).sel(time=until, method="nearest")
            for layer, group in (("hidden-1", "layer_1"), ("hidden-2", "layer_2")):
                cells = (recording.dataset["layer"] == layer).values
                for name in COMPARTMENTS:
                    theirs = np.array(getattr(network[group], name)[:])
                    np.testing.assert_allclose(moment[name].values[cells], theirs, rtol=0, atol=tolerance)
