"""What a relaxation asks of its stimuli and of the machine, checked before it runs."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from dendrosim.errors import CircuitError, DataError
from dendrosim.model import Model
from dendrosim.model.parameters import shapes
from dendrosim.recording import Record

# Numbers that each cell holds: potentials, drives and what Brian2 keeps beside them.
_PER_CELL = 12

# Every recorded sample exists in the simulation, as it is read, and in the recording of all presentations.
_COPIES = 3


def checked_presentations(model: Model, what: str, array: np.ndarray, width: int) -> np.ndarray:
    """Return stimuli or targets as floats of shape (presentation, width).

    Raises
    ------
    DataError
        They have another shape or hold NaN; `what` names them.
    """
    array = np.asarray(array, dtype=float)
    if array.ndim != 2 or array.shape[1] != width or len(array) == 0:
        raise DataError(
            f"{what} have shape {array.shape} where {model.architecture} needs (presentations, {width}); "
            "give one row for each presentation."
        )
    if not np.isfinite(array).all():
        row = int(np.flatnonzero(~np.isfinite(array).all(axis=1))[0])
        raise DataError(f"{what} hold NaN or infinite values, first in presentation {row}; remove or replace them.")
    return array


def settling_time(model: Model, tolerance: float) -> float:
    """Return a time in ms after which a circuit whose potentials are near 1 has settled to the tolerance.

    A signal passes a chain of first-order filters, up through the basal dendrites and down through apical dendrites and
    somata. What is still missing after T is at most e^{−sT} Π 1/(1 − sτ), the Chernoff bound of the sum of their
    delays, for any s below 1/max τ; here s = 0.7/max τ.
    """
    cell = model.cell
    layers = len(model.layer_names)
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
    recorded = sum(len(neurons) for neurons in record.selection(model).values()) * len(record.variables)
    samples = duration / record.interval + 2
    weights = 2 * sum(int(np.prod(shape)) for shape in shapes(model).values())
    cells = min(batch, presentations) * sum(model.sizes) * _PER_CELL
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
