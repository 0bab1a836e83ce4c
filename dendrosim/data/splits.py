"""Which samples are for training, validation and test."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from dendrosim.checks import number, shown, whole
from dendrosim.errors import DataError


def three_parts(
    targets: np.ndarray, has_classes: bool, validation: float, test: float, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
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
    if has_classes and targets.ndim == 1:
        names, members = np.unique(targets, return_counts=True)
        if members.min() < 3:
            lonely = shown(names[members.argmin()].item())
            raise DataError(
                f"labels: class {lonely} has {members.min()} samples only, and training, validation and test need one "
                "each; give at least 3, or leave the class out."
            )
    rest, tested = divided(targets, has_classes, test, "the share for test", seed)
    stay, off = divided(targets[rest], has_classes, validation, "the share for validation", seed)
    return rest[stay], rest[off], tested


def divided(
    targets: np.ndarray, has_classes: bool, share: float, name: str, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Draw which samples stay and which are split off; classes have the same share in both.

    Parameters
    ----------
    targets : array of shape (samples, ...)
        As for :func:`three_parts`, like `has_classes`.
    has_classes : bool
        Whether they are classes.
    share : float
        What part is split off.
    name : str
        Of the share, for the sentence of the error.
    seed : int
        Of the draw.
    """
    share, seed = number(share, name, above=0), whole(seed, "the seed", most=2**32 - 1)
    if has_classes and targets.ndim == 1:
        return split_off(targets, share, seed, name)
    count, off = len(targets), round(len(targets) * share)
    if not 1 <= off <= count - 1:
        raise DataError(f"{name} is {share} of {count} samples; set it nearer to 0.5.")
    order = np.random.RandomState(seed).permutation(count)  # see _stratified
    return order[off:], order[:off]


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
    return _stratified(labels, math.ceil(count * share), seed)


def _stratified(labels: np.ndarray, off: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Split off so many samples, of each class as large a part.

    They are those that ``sklearn.model_selection.train_test_split(..., stratify=labels)`` draws, which takes a second
    to load: half of the time of a short training. Its generator is NumPy's old one.
    """
    generator = np.random.RandomState(seed)
    _, places, counts = np.unique(labels, return_inverse=True, return_counts=True)
    kept = _shares(counts, len(labels) - off, generator)
    away = _shares(counts - kept, off, generator)
    stay, leave = [], []
    for members, stays, leaves in zip(
        np.split(np.argsort(places, kind="stable"), np.cumsum(counts)[:-1]), kept, away, strict=True
    ):
        shuffled = generator.permutation(members)
        stay.append(shuffled[:stays])
        leave.append(shuffled[stays : stays + leaves])
    first = generator.permutation(np.concatenate(stay))
    return first, generator.permutation(np.concatenate(leave))


def _shares(counts: np.ndarray, total: int, generator: Any) -> np.ndarray:
    """Return how many of each class make up a total: in proportion, by largest remainders and chance."""
    exact = counts / counts.sum() * total
    shares = np.floor(exact).astype(int)
    remainders, missing = exact - shares, total - int(shares.sum())
    for remainder in np.unique(remainders)[::-1]:
        if missing <= 0:
            break
        tied = np.flatnonzero(remainders == remainder)
        chosen = generator.choice(tied, min(len(tied), missing), replace=False)
        shares[chosen] += 1
        missing -= len(chosen)
    return shares
