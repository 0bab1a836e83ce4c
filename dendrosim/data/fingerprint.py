"""The fingerprint of a data set: a few numbers by which a resumed training knows that its data are the same."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from dendrosim.data.dataset import Dataset
from dendrosim.data.samples import Samples, Split

LOOKED_AT = 64
"""Samples of each split, evenly spaced."""
ROUNDING = 1e-5
"""By how much fingerprints may differ, relative to the size of the numbers: other machines round otherwise."""

Fingerprint = dict[str, list[float | None]]


def fingerprint_of(data: Dataset, splits: Sequence[str] = ("train", "validation", "test")) -> Fingerprint:
    """Return for each split the number of samples, and what their stimuli and their targets come to.

    Numbers at other places, or in another order, come to something else. None stands for samples that are not the same
    when they are read again, such as those that a torch data set changes at random.

    Parameters
    ----------
    data : Dataset
        Read at a few places.
    splits : sequence of str
        Those that are looked at.

    Examples
    --------
    >>> data = Dataset.from_arrays(np.eye(40), np.arange(40) % 2)
    >>> fingerprint_of(data) == fingerprint_of(data), fingerprint_of(data)["test"][0]
    (True, 8)
    """
    return {name: _fingerprint(getattr(data, name)) for name in splits}


def first_change(there: Fingerprint, here: Fingerprint) -> str:
    """Return the first split whose fingerprints differ; empty where all are the same.

    Parameters
    ----------
    there, here : dict
        As of :func:`fingerprint_of`; a split without a fingerprint is not compared.
    """
    return next((name for name in here if name in there and not _same(there[name], here[name])), "")


def is_fingerprint(values: Any) -> bool:
    """Tell whether something that was read from a file is a fingerprint."""
    return isinstance(values, dict) and all(
        isinstance(each, list) and len(each) == 5 and all(isinstance(value, int | float | None) for value in each)
        for each in values.values()
    )


def _fingerprint(split: Split) -> list[float | None]:
    rows = np.unique(np.linspace(0, len(split) - 1, LOOKED_AT).astype(int))
    return [len(split), *_summary(split.stimuli, rows), *_summary(split.targets, rows)]


def _summary(samples: Samples, rows: np.ndarray) -> tuple[float | None, float | None]:
    """Return the size of numbers, and their mean with weights that depend on their places."""
    values, again = (np.asarray(samples[rows], np.float64).ravel() for _ in range(2))
    size = math.sqrt(np.square(values).mean())
    if not np.allclose(values, again, rtol=0, atol=ROUNDING * size):
        return None, None
    return size, float((values * np.cos(np.arange(values.size))).mean())


def _same(there: list[float | None], here: list[float | None]) -> bool:
    for place in (1, 3):  # the size of stimuli and of targets, each with its mean after it
        size = there[place] or 0.0
        for one, other in zip(there[place : place + 2], here[place : place + 2], strict=True):
            if one is not None and other is not None and abs(one - other) > ROUNDING * size:
                return False
    return there[0] == here[0]
