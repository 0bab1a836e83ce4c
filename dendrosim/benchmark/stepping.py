"""How long a step of a circuit takes: the networks, stimuli and timers that benchmarks of circuits share."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from dendrosim.circuit import Circuit
from dendrosim.errors import Clipped, NotConverged
from dendrosim.model import Model
from dendrosim.model.spec import validated
from dendrosim.recording import Record

Row = dict[str, Any]

NOTHING = Record(neurons={})
PAPER_MLP = (784, 1024, 512, 256, 10)

# Many short rounds, so that in some of them nothing else runs on the machine. A step of the circuit simulates 128
# presentations, so that its rounds are as long as the idiomatic ones.
ROUNDS = 12
STEPS = {"circuit": 10, "idiomatic": 50}


def dense_model(sizes: tuple[int, ...], output: str = "softmax") -> Model:
    """Return a dense tanh network with the default cell."""
    layers = [{"kind": "dense", "units": units} for units in sizes[1:]]
    return validated({"data": "none", "input": [sizes[0]], "layers": layers, "output": output}, "benchmark")


def synapses(model: Model) -> int:
    """Return the number of synapses: values of W and Θ."""
    return sum(int(np.prod(c.shape)) * (2 if c.has_feedback else 1) for c in model.connections)


def random_pairs(model: Model, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return stimuli and one-hot targets of so many presentations, the same each time."""
    generator = np.random.default_rng(0)
    stimuli = generator.uniform(-1, 1, (count, model.sizes[0]))
    return stimuli, np.eye(model.sizes[-1])[generator.integers(0, model.sizes[-1], count)]


@contextmanager
def one_quiet_thread() -> Iterator[None]:
    """Measure on one thread, and pass over the warning that what is measured does not converge."""
    with threadpool_limits(1), warnings.catch_warnings():
        for passed_over in (NotConverged, Clipped):
            warnings.simplefilter("ignore", passed_over)
        yield


def seconds_per_step(
    circuit: Circuit,
    stimuli: np.ndarray,
    targets: np.ndarray,
    rounds: int,
    *others: Callable[[], float],
    steps: int = STEPS["circuit"],
) -> list[float]:
    """Return the seconds of one step of a circuit, and the times of others, taken in turns.

    A step is the difference of a long and a short run, neither of which converges.
    """
    timers = (timer(circuit, stimuli, targets, count) for count in (steps + 1, 1))
    long, short, *rest = _alternating(rounds, *timers, *others)
    return [(long - short) / steps, *rest]


def timer(circuit: Circuit, stimuli: np.ndarray, targets: np.ndarray, steps: int) -> Callable[[], float]:
    """Return what measures the seconds of so many steps of a circuit."""

    def seconds() -> float:
        limit = (steps - 0.5) * circuit.dt
        circuit.relax(stimuli, targets, record=NOTHING, tolerance=1e-300, time_limit=limit)
        return circuit.seconds

    return seconds


def _alternating(rounds: int, *timers: Callable[[], float]) -> list[float]:
    """Return the shortest time of each, because what else runs only adds; in turns, so that drift is shared by all."""
    measured = [[timer() for timer in timers] for _ in range(rounds)]
    return [min(times) for times in zip(*measured, strict=True)]
