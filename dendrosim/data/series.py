"""Multivariate time series: regression at the same step, and forecasts."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np

from dendrosim.data.dataset import Dataset, check_length, steps_of
from dendrosim.data.readers import read_columns, read_hdf, read_npz
from dendrosim.data.samples import Encoded, Split
from dendrosim.data.storage import locate
from dendrosim.errors import DataError, ModelError
from dendrosim.model import Model

TEST = 0.2  # share of the steps, at the end
STEPS = 32  # unless the model says otherwise

_dated = partial(read_columns, header=True, dated=True)
_named = partial(read_columns, header=True, dated=False)
_plain = partial(read_columns, header=False, dated=False)

READERS: dict[str, Callable[[Path], np.ndarray]] = {
    "electricity": _plain,
    "metr-la": _dated,
    "metr-la-week": _named,
    "pems-bay": _dated,
    "pems-bay-16": _dated,
    "exchange-rate": _plain,
    "ett-h1": _dated,
    "ett-h2": _dated,
}


def series(model: Model) -> Dataset:
    """Load a multivariate time series as ``preparation.task`` says.

    The series is split by time: the last fifth is the test set, and the end of what comes before it the validation
    set; no window reaches from one into another. Windows of ``model.input[0]`` steps begin at every step and have a
    target at each of their steps. Only the series itself stays in memory.

    ``same-time``
        The last column from all others at the same step: the paper's task. Each column is standardised over the
        whole series, as published, so the test set's mean and variance are known in advance. This is a same-time
        regression and no forecast.
    ``forecast``
        All columns from all columns ``preparation.horizon`` steps earlier. Each column is standardised over the
        training part alone.

    Zeros of METR-LA and PEMS-BAY, which mean that a sensor was silent, are values like others, as in the paper.

    Parameters
    ----------
    model : Model
        Its ``data``, ``input`` = (steps, columns in), ``training.validation`` and ``preparation`` are read.
    """
    path = locate(model.data)[0]
    read = {".h5": read_hdf, ".npz": read_npz}.get(path.suffix, READERS[model.data])
    return windows(model, read(path))


def windows(model: Model, table: np.ndarray) -> Dataset:
    """Split a series and cut it into windows; see :func:`series`.

    Parameters
    ----------
    model : Model
        As for :func:`series`.
    table : array of shape (steps, columns)
        The series.
    """
    forecast = model.preparation.task == "forecast"
    if not forecast and table.shape[1] < 2:
        raise ModelError(
            f"{model.source}: preparation.task: '{model.data}' has no other column to tell it from; write 'forecast'."
        )
    test = round(len(table) * (1 - TEST))
    train = round(test * (1 - model.training.validation))
    steps, later = steps_of(model, STEPS), model.preparation.horizon if forecast else 0
    bounds = (0, train, test, len(table))
    check_length(model, steps, int(np.diff(bounds).min()) - later, "steps")
    values = _standardised(table, table[:train] if forecast else table)
    if not np.isfinite(values).all():
        raise DataError(f"the numbers of '{model.data}' are too large to be standardised; rescale them.")
    # Rows in one piece: windows of anything else would be taken from a copy of the whole series.
    stimuli, targets = (values, values) if forecast else map(np.ascontiguousarray, np.split(values, [-1], axis=1))

    def split(first: int, end: int) -> Split:
        starts = np.arange(first, end - later - steps + 1)
        return Split(_windows(stimuli, starts, steps), _windows(targets, starts + later, steps), None)

    parts = [split(first, end) for first, end in pairwise(bounds)]
    return Dataset.of(parts, model.data, targets.shape[1], "regression")


def _windows(values: np.ndarray, starts: np.ndarray, steps: int) -> Encoded:
    offsets = np.arange(steps)
    return Encoded(starts, lambda first: values.take(first[:, None] + offsets, axis=0), (steps, values.shape[1]))


def _standardised(table: np.ndarray, over: np.ndarray) -> np.ndarray:
    """Give each column the mean 0 and the deviation 1 over some steps; a constant column becomes 0."""
    with np.errstate(over="ignore", invalid="ignore"):  # what comes of it is looked at
        deviation = over.std(axis=0)
        return ((table - over.mean(axis=0)) / np.where(deviation > 0, deviation, 1)).astype(np.float32)
