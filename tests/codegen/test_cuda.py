"""CUDA code, run on the CPU (cuda_on_cpu/): the same trajectories as the NumPy target, to rounding."""

import cuda_on_cpu
import numpy as np
import pytest
from networks import parameters_of, presentations_of, small_model

from dendrosim.circuit import Circuit, build, cuda
from dendrosim.circuit.target import find_target
from dendrosim.errors import TargetError
from dendrosim.recording import Record

EVERYTHING = Record(("basal", "apical", "soma", "drive", "prediction", "delta", "feedback", "error"), interval=2.0)


def reason_not_to_compile():
    try:
        find_target("cuda_standalone")
    except TargetError as error:
        return str(error)
    return ""


pytestmark = pytest.mark.skipif(bool(reason_not_to_compile()), reason=reason_not_to_compile())


@pytest.fixture(scope="module")
def builds_on_cpu(tmp_path_factory):
    return tmp_path_factory.mktemp("builds-on-cpu")


@pytest.fixture
def on_cpu(monkeypatch, builds_on_cpu):
    """Generated CUDA code is compiled for the CPU, in a cache of its own, and a GPU seems to be there."""
    monkeypatch.setenv("DENDROSIM_CACHE", str(builds_on_cpu))
    monkeypatch.setattr(build, "compile_project", cuda_on_cpu.compile_project)
    monkeypatch.setattr(cuda, "capability", lambda: 8.0)


def relaxed(model, target, presentations, start):
    circuit = Circuit(model, parameters_of(model, 2), target=target, dt=1.0)
    stimuli, targets = presentations_of(model, presentations, 2)
    return circuit, circuit.relax(stimuli, targets, record=EVERYTHING, start=start, tolerance=1e-6)


@pytest.mark.parametrize(
    ("output", "teacher", "presentations"),
    [("softmax", {"kind": "clamped"}, 5), ("identity", {"kind": "nudged", "strength": 0.3}, 1)],
)
def test_cuda_follows_the_same_trajectory_as_numpy_and_stops_with_it(on_cpu, output, teacher, presentations):
    # 26 and 17 cells: more than one tile, and not a multiple of one.
    model = small_model((17, 9, 26, 3), output=output, teacher=teacher, cell={"tau_apical": 5.0})
    for start in ("rest", "settled"):
        circuit, ours = relaxed(model, "cuda_standalone", presentations, start)
        reference, wanted = relaxed(model, "numpy", presentations, start)
        for name in EVERYTHING.variables:
            np.testing.assert_allclose(ours.dataset[name], wanted.dataset[name], rtol=0, atol=1e-12)
        np.testing.assert_array_equal(ours.convergence_time, wanted.convergence_time)
        np.testing.assert_allclose(ours.dataset["motion"], wanted.dataset["motion"], rtol=0, atol=1e-12)
        for layer, variables in reference.state.items():
            for name, value in variables.items():
                np.testing.assert_allclose(circuit.state[layer][name], value, rtol=0, atol=1e-12)
