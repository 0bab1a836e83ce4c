"""Which samples are for training, validation and test."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.model_selection import train_test_split

from dendrosim.checks import number, shown, whole
from dendrosim.errors import DataError


def three_parts(
    targets: np.ndarray, has_classes: bool, validation: float, test: float, seed: int
) -> Iterator[np.ndarray]:
    """Draw which samples are for training, validation and test; classes have the same share in each.

    Parameters
    ----------
    targets : array of shape (samples, ...)
        As :func:`targets_of` returns them.
    has_classes : bool
        Whether they are classes.
    validation, test : float
        Share of all samples that is for the test, and of the others that is for validation.
    seed : int
        Of the draw.
    """
    seed = whole(seed, "the seed", most=2**32 - 1)
    everything = np.arange(len(targets))
    by_class = has_classes and targets.ndim == 1
    if by_class:
        names, members = np.unique(targets, return_counts=True)
        if members.min() < 3:
            lonely = shown(names[members.argmin()].item())
            raise DataError(
                f"labels: class {lonely} has {members.min()} samples only, and training, validation and test need one "
                "each; give at least 3, or leave the class out."
            )

    def off(rows: np.ndarray, value: Any, what: str) -> tuple[np.ndarray, np.ndarray]:
        share = number(value, f"the share for {what}", above=0)
        if by_class:
            stay, away = split_off(targets[rows], share, seed, f"the share for {what}")
        elif not 1 <= round(len(rows) * share) <= len(rows) - 1:
            raise DataError(f"the share for {what} is {share} of {len(rows)} samples; set it nearer to 0.5.")
        else:
            stay, away = train_test_split(np.arange(len(rows)), test_size=round(len(rows) * share), random_state=seed)
        return rows[stay], rows[away]

    rest, tested = off(everything, test, "test")
    trained, validated = off(rest, validation, "validation")
    yield from (trained, validated, tested)


def split_off(
    labels: np.ndarray, share: float, seed: int = 0, key: str = "training.validation"
) -> tuple[np.ndarray, np.ndarray]:
    """Split samples in two at random, with the same share of each class in both.

    The seed is fixed and not the training seed, so that every run is judged on the same samples.

    Parameters
    ----------
    labels : array of shape (samples,)
        The classes.
    share : float
        What part of them is split off.
    seed : int
        Of the draw.
    key : str
        What sets the share, for the sentence of the error.

    Returns
    -------
    tuple of array
        Indices of the samples that stay, and of those that are split off.

    Raises
    ------
    DataError
        The share is too small or too large for the number of classes.
    """
    count, (names, members) = len(labels), np.unique(labels, return_counts=True)
    if not count or members.min() < 2:
        lonely = f"class {names[members.argmin()]} has one sample only" if count else "there are no samples"
        raise DataError(f"{lonely}, and every class needs two to be split; use data that has more.")
    if not len(names) <= count * share <= count - len(names):
        raise DataError(
            f"a share of {share} of {count} samples leaves not even one a class on one side; set {key} nearer to 0.5."
        )
    stay, off = train_test_split(np.arange(count), test_size=share, random_state=seed, stratify=labels)
    return stay, off
