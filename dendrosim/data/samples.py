"""Samples that are read by index, and what a split is made of."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np

from dendrosim.claims import BELIEVED, memory_free
from dendrosim.data.arrays import Classes
from dendrosim.errors import DataError

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
        count = len(raw) if raw.ndim == self.raw.ndim else 1  # an index of one sample has no axis of samples
        needed = 4 * count * math.prod(self.shape[1:])
        if needed > BELIEVED and needed > memory_free():
            raise DataError(f"{count} samples take {needed / 1e9:.1f} GB, more than is free; read fewer at once.")
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


def part_of(stimuli: Any, targets: np.ndarray, classes: Classes | None, rows: np.ndarray | None = None) -> Split:
    """Make a split of some samples, which are read when they are needed.

    Parameters
    ----------
    stimuli : array-like of shape (samples, ...)
        Read by index.
    targets : array of shape (samples, ...)
        Numbers of classes, or quantities where there are no classes.
    classes : tuple or None
        The label of each output cell.
    rows : integer array, optional
        Which samples; by default all.
    """
    rows = np.arange(len(targets)) if rows is None else rows

    def decode(index: np.ndarray) -> np.ndarray:
        # However the user's numbers lie in memory: matrix products of other strides round otherwise.
        return np.ascontiguousarray(stimuli[index], np.float32)

    read = Encoded(rows, decode, tuple(stimuli.shape[1:]))
    chosen = targets[rows]
    if classes is None:
        return Split(read, np.ascontiguousarray(chosen, np.float32), None)
    return Split(read, one_hot(chosen, len(classes)), chosen)


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


def flat(samples: Samples) -> Encoded:
    """Return the same samples, each as a row of numbers."""
    size = math.prod(samples.shape[1:])
    return Encoded(np.arange(len(samples)), lambda rows: samples[rows].reshape(len(rows), size), (size,))


def unit_range(pixels: np.ndarray) -> np.ndarray:
    """Return bytes as numbers between -1 and 1."""
    values = np.multiply(pixels, np.float32(1 / 127.5), dtype=np.float32)
    values -= 1
    return values
