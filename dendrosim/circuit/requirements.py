"""What a relaxation asks of its stimuli and of the machine, checked before it runs."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from dendrosim.errors import CircuitError, DataError
from dendrosim.model import Model
from dendrosim.recording import Record

# Numbers that each cell holds: potentials, drives and what Brian2 keeps beside them.
_PER_CELL = 12

# Every recorded sample exists in the simulation, as it is read, and in the recording of all presentations.
_COPIES = 3


def checked_pairs(model: Model, stimuli: np.ndarray, targets: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Return stimuli and targets as floats, one for each presentation; targets that nobody gave are zero.

    Raises
    ------
    DataError
        They have another shape or number, or hold NaN.
    """
    stimuli = _checked(model, "stimuli", stimuli, model.input)
    wanted = (model.steps, model.sizes[-1]) if model.is_sequence else model.sizes[-1:]
    targets = _checked(model, "targets", np.zeros((len(stimuli), *wanted)) if targets is None else targets, wanted)
    if len(targets) != len(stimuli):
        raise DataError(f"there are {len(stimuli)} stimuli but {len(targets)} targets; give one target for each.")
    return stimuli, targets


def _checked(model: Model, what: str, array: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    array = np.asarray(array, dtype=float)
    if array.shape[1:] != shape or len(array) == 0:
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
    cell = model.cell
    # Along a sequence the signal passes every step as well.
    layers = len(model.layer_names) + model.steps - 1
    chain = np.array([cell.tau_basal, cell.tau_apical, cell.tau_soma] * layers)
    rate = 0.7 / chain.max()
    return float((np.log(1 / tolerance) - np.log(1 - rate * chain).sum()) / rate)


def memory_needed(
    model: Model, record: Record, presentations: int, batch: int, duration: float, number: int
) -> tuple[int, int]:
    """Return the bytes that a relaxation needs for what it records, and for cells and weights.

    Parameters
    ----------
    model, record : Model, Record
        The network and what is recorded of it.
    presentations, batch : int
        How many there are, and how many are simulated at once.
    duration : float
        Model time in ms.
    number : int
        Bytes of one number.
    """
    recorded = (
        sum(len(neurons) for neurons in record.selection(model).values()) * len(record.chosen(model)) * model.steps
    )
    samples = duration / record.interval + 2
    weights = 2 * sum(int(np.prod(connection.shape)) for connection in model.connections)
    cells = min(batch, presentations) * model.steps * sum(model.sizes) * _PER_CELL
    return int(_COPIES * recorded * samples * presentations * number), (2 * weights + cells) * number


def check_memory(model: Model, record: Record, presentations: int, batch: int, duration: float, number: int) -> None:
    """Raise CircuitError if a relaxation does not fit in the memory that is free; see :func:`memory_needed`."""
    recording, network = memory_needed(model, record, presentations, batch, duration, number)
    free = memory_free()
    if recording + network <= free:
        return
    remedy = (
        "record fewer neurons or variables, at a larger interval, or present fewer stimuli"
        if recording > network
        else "simulate fewer presentations at once (batch)"
    )
    raise CircuitError(
        f"this relaxation needs about {(recording + network) / 1e9:.1f} GB, {recording / 1e9:.1f} GB of it for what is "
        f"recorded over {duration:.0f} ms, where {free / 1e9:.1f} GB are free: {remedy}."
    )


def memory_free() -> int:
    """Return the bytes of memory that are free on this machine; where that is not told, all that it has."""
    told = Path("/proc/meminfo")
    if told.exists():
        lines = dict(line.split(":") for line in told.read_text().splitlines())
        return int(lines["MemAvailable"].split()[0]) * 1024
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
