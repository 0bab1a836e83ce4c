"""What every data set is once it is loaded: three splits of stimuli, targets and labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from dendrosim.data.arrays import (
    Classes,
    Columns,
    Items,
    check_finite,
    check_same_rows,
    codes_of,
    columns_of,
    stacked,
    stimuli_of,
    targets_of,
)
from dendrosim.data.folders import read_images
from dendrosim.data.samples import Encoded, Split, Task, flat, part_of, unit_range
from dendrosim.data.splits import three_parts
from dendrosim.errors import ModelError
from dendrosim.model import Model
from dendrosim.model.spec import ARRAYS

OWN_IMAGES = "images:"  # begins the name of a folder of images of the user's


@dataclass(frozen=True, repr=False)
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
    classes : tuple, optional
        The label of each output cell, where the user's own labels have become classes.
    columns : tuple of str, optional
        The names of the numbers of a stimulus, where they came as columns of a frame.
    """

    name: str
    outputs: int
    train: Split
    validation: Split
    test: Split
    task: Task = "classification"
    classes: Classes | None = None
    columns: Columns | None = None

    @classmethod
    def of(
        cls,
        parts: Sequence[Split],
        name: str,
        outputs: int,
        task: Task = "classification",
        classes: Classes | None = None,
    ) -> Dataset:
        """Make a data set of its three splits: training, validation and test."""
        train, validation, test = parts
        return cls(name, outputs, train, validation, test, task, classes)

    @classmethod
    def from_arrays(
        cls, stimuli: Any, targets: Any, validation: float = 0.1, test: float = 0.2, seed: int = 0
    ) -> Dataset:
        """Make a data set of arrays, frames or lists of your own.

        They are not copied, but read batch by batch: a memory-mapped array (``numpy.load(path, mmap_mode="r")``) stays
        on disk. A network learns best from stimuli of about unit variance; nothing is scaled here.

        Parameters
        ----------
        stimuli : array-like of shape (samples, ``*input``)
            Numbers: (samples, cells), (samples, channels, height, width), or (samples, steps, cells) of sequences.
        targets : array-like
            Classes are whole numbers, strings or truth values of shape (samples,), or (samples, steps) of sequences;
            :attr:`classes` says which output cell is which. Quantities of a regression are floats of shape (samples,
            outputs), or (samples, steps, outputs); one output may go without its axis.
        validation, test : float
            Share of all samples for the test, and of the others for validation; of each class the same.
        seed : int
            Of the draw of the splits, which has nothing to do with the seed of a training.

        Raises
        ------
        DataError
            The arrays do not belong together, hold what is no number, or have too few samples of a class.

        Examples
        --------
        >>> import numpy as np
        >>> stimuli = np.linspace(-1, 1, 100).reshape(50, 2)
        >>> Dataset.from_arrays(stimuli, ["low", "high"] * 25)
        Dataset('arrays': 36 + 4 + 10 samples of shape (2,), classes high, low)
        """
        samples = stimuli_of(stimuli)
        check_same_rows(stimuli, targets)
        wanted, has_classes = targets_of(targets, samples)
        check_finite(samples, "stimuli")
        data = cls._divided(samples, wanted, has_classes, validation, test, seed)
        return replace(data, columns=columns_of(stimuli))

    @classmethod
    def from_images(
        cls,
        folder: str | Path,
        shape: Sequence[int],
        validation: float = 0.1,
        test: float = 0.2,
        seed: int = 0,
    ) -> Dataset:
        """Make a data set of a folder of images, a class a subfolder.

        Grey values 0 ... 255 become -1 ... 1. Images are turned as their EXIF data say, laid on white where they are
        transparent, and kept as bytes in memory. Files with other endings than those of images are left out.

        Parameters
        ----------
        folder : str or Path
            Its subfolders are the classes, in the order of their names, and so are the images in them.
        shape : tuple of int
            Channels (1 is grey, 3 is colour), height and width that images are resized to.
        validation, test, seed
            As for :meth:`from_arrays`.

        Raises
        ------
        DataError
            There is no such folder, it has not two classes with images, or one of them cannot be read.

        Examples
        --------
        >>> import tempfile
        >>> from pathlib import Path
        >>> from PIL import Image
        >>> folder = Path(tempfile.mkdtemp())
        >>> for name in ("black", "white"):
        ...     (folder / name).mkdir()
        ...     for number in range(20):
        ...         Image.new("L", (20, 30), name).save(folder / name / f"{number}.png")
        >>> Dataset.from_images(folder, (1, 8, 8)).classes
        ('black', 'white')
        """
        pixels, labels = read_images(folder, shape)
        data = cls._divided(Encoded(pixels, unit_range, pixels.shape[1:]), labels, True, validation, test, seed)
        return replace(data, name=f"{OWN_IMAGES}{folder}")

    @classmethod
    def from_torch(cls, dataset: Any, validation: float = 0.1, test: float = 0.2, seed: int = 0) -> Dataset:
        """Make a data set of a ``torch.utils.data.Dataset`` that gives pairs of stimulus and target by number.

        It is read once from end to end for its targets, and then sample by sample as they are needed.

        Parameters
        ----------
        dataset : torch.utils.data.Dataset
            Or anything else with a length and pairs by number.
        validation, test, seed
            As for :meth:`from_arrays`.

        Raises
        ------
        DataError
            It gives something else, or as for :meth:`from_arrays`.

        Examples
        --------
        >>> pairs = [([0.1 * number, 0.0], number % 2) for number in range(50)]
        >>> Dataset.from_torch(pairs).classes
        (0, 1)
        """
        items = Items(dataset)
        targets = []
        for number in range(len(items)):
            stimulus, target = items.pair(number)
            check_finite(stimulus[None], f"stimulus {number}")
            targets.append(target)
        return cls._divided(items, *targets_of(stacked(targets), items), validation, test, seed)

    @classmethod
    def _divided(
        cls, stimuli: Any, targets: np.ndarray, has_classes: bool, validation: float, test: float, seed: int
    ) -> Dataset:
        codes, classes = codes_of(targets) if has_classes else (targets, None)
        parts = [part_of(stimuli, codes, classes, r) for r in three_parts(targets, has_classes, validation, test, seed)]
        return cls.of_parts(parts, ARRAYS, classes)

    @classmethod
    def of_parts(cls, parts: Sequence[Split], name: str, classes: Classes | None) -> Dataset:
        """Make a data set of three splits of the user's own; without classes it is a regression."""
        task: Task = "regression" if classes is None else "classification"
        return cls.of(parts, name, parts[0].targets.shape[-1], task, classes)

    def flat(self) -> Dataset:
        """Return the same samples, of which each stimulus is a row of numbers."""
        train, validation, test = (replace(part, stimuli=flat(part.stimuli)) for part in self._splits)
        return replace(self, train=train, validation=validation, test=test)

    def __repr__(self) -> str:
        sizes = " + ".join(str(len(part)) for part in self._splits)
        named = [str(each) for each in self.classes or ()]
        kind = f"{self.outputs} {'classes' if self.task == 'classification' else 'quantities'}"
        outputs = f"classes {', '.join(named)}" if 0 < len(named) <= 10 else kind
        return f"Dataset('{self.name}': {sizes} samples of shape {self.shape}, {outputs})"

    @property
    def _splits(self) -> tuple[Split, Split, Split]:
        return self.train, self.validation, self.test

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one stimulus."""
        return self.train.stimuli.shape[1:]


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
