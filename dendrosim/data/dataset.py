"""What every data set is once it is loaded: three splits of stimuli, targets and labels."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
from sklearn.model_selection import train_test_split

from dendrosim.claims import BELIEVED, memory_free
from dendrosim.errors import DataError, ModelError
from dendrosim.model import Model

Index = np.ndarray | slice
Task = Literal["classification", "regression"]
Augmentation = Callable[[np.ndarray, np.random.Generator], np.ndarray]


class Samples(Protocol):
    """Samples that are read by index: a float32 array, or :class:`Encoded`."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of samples, then the shape of one."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: Any, /) -> np.ndarray: ...


class Encoded:
    r"""Samples that stay in memory as they are stored, and become float32 when they are read.

    Parameters
    ----------
    raw : array of shape (samples, ...)
        What is kept: bytes of images, codes of characters, indices of words, first steps of windows.
    decode : callable
        Turns the raw samples of a batch into a float32 array of shape (batch, \*shape).
    shape : tuple of int
        Shape of one decoded sample.
    """

    def __init__(self, raw: np.ndarray, decode: Callable[[np.ndarray], np.ndarray], shape: tuple[int, ...]):
        self.raw = raw
        self.decode = decode
        self.shape = (len(raw), *shape)

    def __len__(self) -> int:
        return len(self.raw)

    def __getitem__(self, index: Index) -> np.ndarray:
        raw = self.raw[index]
        needed = 4 * len(raw) * math.prod(self.shape[1:])
        if needed > BELIEVED and needed > memory_free():
            raise DataError(f"{len(raw)} samples take {needed / 1e9:.1f} GB, more than is free; read fewer at once.")
        return self.decode(raw)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self[:], dtype)


@dataclass(frozen=True)
class Split:
    """Samples of one purpose.

    Attributes
    ----------
    stimuli : array or Encoded of shape (samples, ...)
        Read a batch with ``stimuli[index]``, where the index is an integer array or a slice.
    targets : array or Encoded of shape (samples, outputs) or (samples, steps, outputs)
        Read like the stimuli; one-hot where they are classes.
    labels : array of shape (samples,) or (samples, steps), or None
        The classes as integers; None for a regression.
    augmentation : callable, optional
        Changes a batch of stimuli at random, with a ``numpy.random.Generator``.
    """

    stimuli: Samples
    targets: Samples
    labels: np.ndarray | None
    augmentation: Augmentation | None = None

    def __len__(self) -> int:
        return len(self.stimuli)

    def draw(self, index: Index, generator: np.random.Generator) -> np.ndarray:
        """Read stimuli for training: augmented, if this split is.

        Parameters
        ----------
        index : integer array or slice
            Which samples.
        generator : numpy.random.Generator
            Source of the augmentation; left alone where there is none.
        """
        stimuli = self.stimuli[index]
        return stimuli if self.augmentation is None else self.augmentation(stimuli, generator)


@dataclass(frozen=True)
class Dataset:
    """A data set.

    Attributes
    ----------
    name : str
        As the model calls it.
    outputs : int
        Number of output cells it needs: classes, or quantities of a regression.
    train, validation, test : Split
        Disjoint samples.
    task : {"classification", "regression"}
        What the targets are.
    """

    name: str
    outputs: int
    train: Split
    validation: Split
    test: Split
    task: Task = "classification"

    @classmethod
    def of(cls, parts: Sequence[Split], name: str, outputs: int, task: Task = "classification") -> Dataset:
        """Make a data set of its three splits: training, validation and test."""
        train, validation, test = parts
        return cls(name, outputs, train, validation, test, task)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one stimulus."""
        return self.train.stimuli.shape[1:]


def split_off(labels: np.ndarray, share: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Split samples in two at random, with the same share of each class in both.

    The seed is fixed and not the training seed, so that every run is judged on the same samples.

    Parameters
    ----------
    labels : array of shape (samples,)
        The classes.
    share : float
        What part of them is split off.

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
            f"a share of {share} of {count} samples leaves not even one a class on one side; set training.validation "
            "nearer to 0.5."
        )
    stay, off = train_test_split(np.arange(count), test_size=share, random_state=seed, stratify=labels)
    return stay, off


def one_hot(labels: np.ndarray, classes: int) -> Encoded:
    """Make targets that become one-hot when they are read.

    Parameters
    ----------
    labels : integer array of shape (samples,) or (samples, steps)
        The classes.
    classes : int
        How many there are.
    """

    def decode(codes: np.ndarray) -> np.ndarray:
        rows = np.zeros((*codes.shape, classes), np.float32)
        np.put_along_axis(rows, codes[..., None].astype(np.intp), 1, axis=-1)
        return rows

    return Encoded(labels, decode, (*labels.shape[1:], classes))


def steps_of(model: Model, default: int) -> int:
    """Return how many steps of a sequence the model takes: the first axis of ``input``, where it has two."""
    return model.input[0] if len(model.input) == 2 else default


def check_length(model: Model, asked: int, available: int, unit: str) -> None:
    """Refuse windows that are longer than the data.

    Raises
    ------
    ModelError
        Not even one window fits into the shortest split.
    """
    if asked > available:
        raise ModelError(
            f"{model.source}: input: windows of {asked} {unit} do not fit into the {available} {unit} of the "
            f"shortest split of '{model.data}'; ask for fewer."
        )
