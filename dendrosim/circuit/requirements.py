"""What a relaxation asks of its stimuli and of the machine, checked before it runs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from dendrosim.arrays import numbers
from dendrosim.checks import choice, flag, milliseconds, number, path_of, shown, whole
from dendrosim.claims import memory_free
from dendrosim.errors import CircuitError, DataError, TargetError
from dendrosim.model import Model, Parameters
from dendrosim.recording import Record

# Numbers that each cell holds: potentials, drives and what Brian2 keeps beside them.
_PER_CELL = 12

STARTS = ("rest", "settled")
MOST_STEPS = 1e9  # of one relaxation: days, even of the smallest network
MOST_THREADS = 1024

# Bytes of a spike in its table, and what can be of one neuron in one time step: single spikes, and bursts.
_PER_SPIKE, _KINDS_OF_SPIKES = 28, 2

# Every recorded sample exists in the simulation, as it is read, and in the recording of all presentations.
_COPIES = 3


class Settings(NamedTuple):
    """What a circuit is built with, as plain values."""

    dt: float | None
    batch: int
    dtype: Any
    threads: int
    blas: bool


def checked_settings(
    target: Any, integrator: Any, dt: Any, batch: Any, dtype: Any, threads: Any, blas: Any
) -> Settings:
    """Return the settings of a circuit as plain values; those that are names are checked where they are looked up.

    Raises
    ------
    CircuitError, TargetError
        One of them is of the wrong type, or no positive number.
    """
    for name, what in ((target, "the target"), (integrator, "the integrator")):
        if not isinstance(name, str):
            raise CircuitError(f"{what} is {shown(name)}; give its name.")
    return Settings(
        None if dt is None else milliseconds(dt, "the time step dt", CircuitError, above=-math.inf),
        whole(batch, "batch", 1, error=CircuitError),
        dtype if isinstance(dtype, str) else getattr(dtype, "__name__", shown(dtype)),
        whole(threads, "threads", -MOST_THREADS, MOST_THREADS, TargetError),
        flag(blas, "blas", CircuitError),
    )


def checked_network(model: Any, parameters: Any) -> Model:
    """Return the model of a circuit, and refuse parameters that are none or not its own.

    Raises
    ------
    CircuitError, ParametersError
        One of them is something else, or the two do not belong together.
    """
    if not isinstance(model, Model) or not isinstance(parameters, Parameters):
        raise CircuitError(
            f"a circuit is made of {shown(model)} and {shown(parameters)}; give a Model and its Parameters."
        )
    parameters.check(model)
    return model


def checked_relaxation(
    model: Model, dt: float, start: Any, record: Any, tolerance: Any, time_limit: Any
) -> tuple[Record, float, float]:
    """Return what is recorded, the tolerance, and the time limit in ms.

    Raises
    ------
    CircuitError
        One of them is of the wrong type or out of range, or so many steps would take for ever.
    """
    choice(start, "start", STARTS, CircuitError)
    tolerance = number(tolerance, "the tolerance", above=0.0, error=CircuitError)
    time_limit = milliseconds(time_limit, "time_limit", CircuitError)
    settled = settling_time(model, tolerance) if model.cell.settles else math.inf
    steps = min(time_limit, settled) / dt
    if not steps < MOST_STEPS:
        raise CircuitError(
            f"with dt = {dt:g} ms this takes {steps:.1e} steps; choose a larger dt, or a lower time_limit."
        )
    return _record(record), tolerance, time_limit


def checked_learning(model: Model, record: Any, seed: Any, dt: float, number: int) -> tuple[Record, int]:
    """Return what is recorded of a learning circuit, and the seed.

    Raises
    ------
    CircuitError
        One of them is of the wrong type, a presentation takes for ever, or the streams of the circuit do not fit in
        memory.
    """
    streams, presentation = model.plasticity.streams, model.plasticity.presentation_time
    if model.plasticity.mode == "continuous" and not presentation / dt < MOST_STEPS:
        raise CircuitError(
            f"plasticity.presentation_time is {presentation:g} ms, which are {presentation / dt:.1e} steps; shorten it."
        )
    check_memory(model, Record(neurons={}), streams, streams, 0.0, 1.0, number)
    return _record(record), whole(seed, "the seed", error=CircuitError)


def checked_build(presentations: Any, folder: Any, record: Any) -> tuple[int, Path, Record]:
    """Return how many presentations a binary is built for, where, and what it records.

    Raises
    ------
    CircuitError
        One of them is of the wrong type.
    """
    wanted = whole(presentations, "presentations", 1, error=CircuitError)
    return wanted, path_of(folder, "the folder", CircuitError), _record(record)


def _record(record: Any) -> Record:
    if record is not None and not isinstance(record, Record):
        raise CircuitError(f"record is {shown(record)}; give a dendrosim.Record.")
    return record or Record()


def check_relaxed(state: Mapping[str, Any]) -> None:
    """Raise DataError where no presentation has been relaxed yet."""
    if not state:
        raise DataError("the circuit has no state yet; call relax(stimuli, targets) first.")


def checked_pairs(model: Model, stimuli: Any, targets: Any) -> tuple[np.ndarray, np.ndarray, bool]:
    """Return stimuli and targets as floats, one for each presentation, and whether there is a teacher.

    A split of a data set brings its own targets; targets that nobody gave are zero.

    Raises
    ------
    DataError
        They have another shape or number, or hold NaN.
    """
    if hasattr(stimuli, "train"):
        raise DataError("a data set has three splits; give one of them, such as data.test.")
    if targets is None and hasattr(stimuli, "stimuli"):
        stimuli, targets = stimuli.stimuli, stimuli.targets
    taught = targets is not None
    stimuli = _checked(model, "stimuli", stimuli, model.input)
    wanted = (model.steps, model.sizes[-1]) if model.is_sequence else model.sizes[-1:]
    targets = _checked(model, "targets", np.zeros((len(stimuli), *wanted)) if targets is None else targets, wanted)
    if len(targets) != len(stimuli):
        raise DataError(f"there are {len(stimuli)} stimuli but {len(targets)} targets; give one target for each.")
    return stimuli, targets, taught


def _checked(model: Model, what: str, array: Any, shape: tuple[int, ...]) -> np.ndarray:
    array = numbers(array, what)
    if not array.ndim or array.shape[1:] != shape or len(array) == 0:
        raise DataError(
            f"{what} have shape {array.shape} where {model.architecture} needs "
            f"(presentations, {', '.join(map(str, shape))}); give one row for each presentation."
        )
    if not np.isfinite(array).all():
        row = int(np.flatnonzero(~np.isfinite(array).reshape(len(array), -1).all(axis=1))[0])
        raise DataError(f"{what} hold NaN or infinite values, first in presentation {row}; remove or replace them.")
    return array


def settling_time(model: Model, tolerance: float) -> float:
    """Return a time in ms after which a circuit whose potentials are near 1 has settled to the tolerance.

    A signal passes a chain of first-order filters, up through the basal dendrites and down through apical dendrites and
    somata. What is still missing after T is at most e^{−sT} Π 1/(1 − sτ), the Chernoff bound of the sum of their
    delays, for any s below 1/max τ; here s = 0.7/max τ.
    """
    # Along a sequence the signal passes every step as well.
    layers = len(model.layer_names) + model.steps - 1
    chain = np.array([*model.cell.time_constants] * layers)
    rate = 0.7 / chain.max()
    return float((np.log(1 / tolerance) - np.log(1 - rate * chain).sum()) / rate)


def memory_needed(
    model: Model, record: Record, presentations: int, batch: int, duration: float, dt: float, number: int
) -> tuple[int, int]:
    """Return the bytes that a relaxation needs for what it records, and for cells and weights.

    Parameters
    ----------
    model, record : Model, Record
        The network and what is recorded of it.
    presentations, batch : int
        How many there are, and how many are simulated at once.
    duration, dt : float
        Model time and time step in ms.
    number : int
        Bytes of one number.
    """
    neurons = sum(map(len, record.selection(model).values())) * model.steps
    sampled = len(record.chosen(model)) * (duration / record.interval + 2) * number
    spikes = _spikes_expected(model, duration, dt) * _PER_SPIKE if record.spikes else 0.0
    weights = 2 * sum(math.prod(connection.shape) for connection in model.connections)
    cells = min(batch, presentations) * model.steps * sum(model.sizes) * _PER_CELL
    return int(_COPIES * neurons * presentations * (sampled + spikes)), (2 * weights + cells) * number


def _spikes_expected(model: Model, duration: float, dt: float) -> float:
    """Return how many rows the spikes of one neuron may be expected to take at most."""
    if not model.cell.hidden(model).event:
        return 0.0
    steps = duration / dt + 1
    return min(model.cell.highest_rate / 1000 * duration + 1, _KINDS_OF_SPIKES * steps)


def check_memory(
    model: Model, record: Record, presentations: int, batch: int, duration: float, dt: float, number: int
) -> None:
    """Raise CircuitError if a relaxation does not fit in the memory that is free; see :func:`memory_needed`."""
    recording, network = memory_needed(model, record, presentations, batch, duration, dt, number)
    free = memory_free()
    if recording + network <= free:
        return
    remedy = (
        "record fewer neurons or variables, at a larger interval, no spikes, or present fewer stimuli"
        if recording > network
        else "simulate fewer presentations at once (batch)"
    )
    raise CircuitError(
        f"this relaxation needs about {(recording + network) / 1e9:.1f} GB, {recording / 1e9:.1f} GB of it for what is "
        f"recorded over {duration:.0f} ms, where {free / 1e9:.1f} GB are free: {remedy}."
    )
