"""What every data set is once it is loaded: three splits of stimuli, targets and labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.model_selection import train_test_split


@dataclass(frozen=True)
class Split:
    """Stimuli of shape (samples, ...), one-hot targets (samples, classes) and labels (samples,)."""

    stimuli: np.ndarray
    targets: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class Dataset:
    """A data set: its name, the number of classes, and its splits."""

    name: str
    classes: int
    train: Split
    validation: Split
    test: Split

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one stimulus."""
        return self.train.stimuli.shape[1:]


def split_off(stimuli: np.ndarray, labels: np.ndarray, share: float, seed: int = 0) -> tuple[np.ndarray, ...]:
    """Split samples in two, with the same share of each class in both.

    The seed is fixed and not the training seed, so that every run is judged on the same samples.

    Returns
    -------
    tuple of array
        Stimuli that stay, stimuli split off, labels that stay, labels split off.
    """
    return tuple(train_test_split(stimuli, labels, test_size=share, random_state=seed, stratify=labels))


def one_hot(stimuli: np.ndarray, labels: np.ndarray, classes: int) -> Split:
    """Make a split with one-hot targets, all in float32."""
    targets = np.eye(classes, dtype=np.float32)[labels]
    return Split(np.ascontiguousarray(stimuli, dtype=np.float32), targets, labels.astype(np.int64))
