"""Image data sets."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from dendrosim.data.dataset import OWN_IMAGES, Dataset
from dendrosim.data.folders import MODES, read_images, read_loose_images
from dendrosim.data.readers import read_cifar, read_idx, read_svhn
from dendrosim.data.samples import Augmentation, Encoded, Split, one_hot, unit_range
from dendrosim.data.splits import split_off
from dendrosim.data.storage import locate
from dendrosim.errors import DataError, ModelError
from dendrosim.model import Model

Labelled = tuple[np.ndarray, np.ndarray]

TEST = 0.2  # share of the images in a folder of the user's
BORDER = 4  # pixels that a random crop may move an image


@dataclass(frozen=True)
class Images:
    """An image data set in its original files.

    Attributes
    ----------
    read : callable
        Reads training and test images of shape (samples, channels, height, width) and labels, all uint8.
    mean, deviation : tuple of float
        Of each channel over the training set, where 255 is 1.
    classes : int
        How many there are.
    """

    read: Callable[[list[Path]], tuple[Labelled, Labelled]]
    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    classes: int = 10


def _read_idx(files: list[Path]) -> tuple[Labelled, Labelled]:
    images, labels, test_images, test_labels = map(read_idx, files)
    return (images[:, None], labels), (test_images[:, None], test_labels)


def _read_cifar_10(files: list[Path]) -> tuple[Labelled, Labelled]:
    *batches, test = map(read_cifar, files)
    images, labels = zip(*batches, strict=True)
    return (np.concatenate(images), np.concatenate(labels)), test


def _read_cifar_100(files: list[Path]) -> tuple[Labelled, Labelled]:
    train, test = files
    return read_cifar(train, 2), read_cifar(test, 2)


def _read_svhn(files: list[Path]) -> tuple[Labelled, Labelled]:
    train, test = files
    return read_svhn(train), read_svhn(test)


IMAGES = {
    "mnist": Images(_read_idx, (0.1307,), (0.3081,)),
    "fashion-mnist": Images(_read_idx, (0.2860,), (0.3530,)),
    "svhn": Images(_read_svhn, (0.4377, 0.4438, 0.4728), (0.1980, 0.2010, 0.1970)),
    "cifar-10": Images(_read_cifar_10, (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)),
    "cifar-100": Images(_read_cifar_100, (0.5071, 0.4865, 0.4409), (0.2673, 0.2564, 0.2762), classes=100),
}


def images(model: Model) -> Dataset:
    """Load an image data set; each channel is standardised over the training set.

    Images stay bytes in memory. They are read as (channels, height, width), or flat if ``model.input`` is.

    Parameters
    ----------
    model : Model
        Its ``data``, ``input``, ``training.validation`` and ``preparation.augmentation`` are read.
    """
    known = IMAGES[model.data]
    train, test = known.read(locate(model.data))
    mean, deviation = (np.array(values, np.float32)[:, None, None] for values in (known.mean, known.deviation))
    scale, offset = 1 / (255 * deviation), -mean / deviation
    return _split(model, train, test, scale, offset, known.classes)


def digits(model: Model) -> Dataset:
    """Load scikit-learn's 1,797 handwritten digits (8 x 8 pixels), which ship with it.

    One fifth is the test set. Grey values 0 ... 16 are scaled to -1 ... 1. They are read as (1, 8, 8), or flat if
    ``model.input`` is.

    Parameters
    ----------
    model : Model
        Its ``input``, ``training.validation`` and ``preparation.augmentation`` are read.
    """
    rows = np.loadtxt(_digits_file(), delimiter=",", dtype=np.uint8)
    pixels, labels = rows[:, :-1].reshape(-1, 1, 8, 8), rows[:, -1].astype(np.int64)
    stay, off = split_off(labels, 0.2)
    scale, offset = np.full((1, 1, 1), 1 / 8, np.float32), np.full((1, 1, 1), -1, np.float32)
    return _split(model, (pixels[stay], labels[stay]), (pixels[off], labels[off]), scale, offset, 10)


def _digits_file() -> Path:
    """Return the file of scikit-learn that holds its digits; loading the library takes longer than a training."""
    library = importlib.util.find_spec("sklearn")
    assert library is not None  # this package depends on it
    assert library.origin is not None
    return Path(library.origin).parent / "datasets" / "data" / "digits.csv.gz"


def image_folder(model: Model) -> Dataset:
    """Load a folder of images, whose name is ``model.data`` after ``images:``, relative to the current directory.

    Each subfolder is a class. Images are resized to ``model.input``, (channels, height, width), of one channel (grey)
    or three; a flat input needs ``preparation.image``, which says that shape. A fifth is for the test, always the same.
    See :meth:`dendrosim.Dataset.from_images`.

    Parameters
    ----------
    model : Model
        Its ``data``, ``input``, ``training.validation`` and ``preparation`` are read.

    Raises
    ------
    DataError
        The folder is not there, or has not two classes of images that can be read.
    ModelError
        The model takes no images.
    """
    shape = image_shape(model)
    data = Dataset.from_images(model.data.removeprefix(OWN_IMAGES), shape, model.training.validation, TEST)
    augmentation = cropped_and_flipped(shape) if model.preparation.augmentation == "crop-flip" else None
    data = replace(data, train=replace(data.train, augmentation=augmentation))
    return data if len(model.input) == 3 else data.flat()


def image_shape(model: Model) -> tuple[int, int, int]:
    """Return channels, height and width of the images that a model takes.

    Raises
    ------
    ModelError
        It takes none.
    """
    shape, key = (model.preparation.image, "preparation.image") if model.preparation.image else (model.input, "input")
    if len(shape) != 3:
        raise ModelError(
            f"{model.source}: input: {list(shape)} does not say how high and wide the images are; set input to "
            "[channels, height, width], or preparation.image to that."
        )
    if shape[0] not in MODES:
        raise ModelError(
            f"{model.source}: {key}: images have 1 channel (grey) or 3 (colour), and not {shape[0]}; set the first "
            "number to one of these."
        )
    channels, height, width = shape
    return channels, height, width


def image_samples(model: Model, text: str) -> tuple[np.ndarray, np.ndarray]:
    """Return all images of a folder, ``images:FOLDER``, as stimuli of a model, and their classes."""
    pixels, labels = read_images(text.removeprefix(OWN_IMAGES), image_shape(model))
    return unit_range(pixels).reshape(len(pixels), *model.input), labels


def loose_images(model: Model, text: str) -> tuple[np.ndarray, list[str]]:
    """Return the images that lie in a folder itself as stimuli of a model, and the names of their files."""
    pixels, names = read_loose_images(text.removeprefix(OWN_IMAGES), image_shape(model))
    return unit_range(pixels).reshape(len(pixels), *model.input), names


def _split(
    model: Model, train: Labelled, test: Labelled, scale: np.ndarray, offset: np.ndarray, classes: int
) -> Dataset:
    pixels, labels = train
    wanted = (len(scale), *pixels.shape[2:])
    for part, part_labels in (train, test):
        belong = part.shape == (len(part_labels), *wanted) and part.ndim == 4 and part_labels.ndim == 1
        if not belong or not part.size or part_labels.max() >= classes:
            raise DataError(
                f"the files of '{model.data}' do not belong together: run 'dendrosim data check {model.data}', "
                "move what is damaged away and fetch it again."
            )
    shape = pixels.shape[1:]
    read_as = shape if len(model.input) == 3 else (math.prod(shape),)

    def decode(raw: np.ndarray) -> np.ndarray:
        values = np.multiply(raw, scale, dtype=np.float32)
        values += offset
        return values.reshape(len(raw), *read_as)

    def split(pixels: np.ndarray, labels: np.ndarray, augmentation: Augmentation | None = None) -> Split:
        labels = labels.astype(np.int64)
        return Split(Encoded(pixels, decode, read_as), one_hot(labels, classes), labels, augmentation)

    stay, off = split_off(labels, model.training.validation)
    augmentation = cropped_and_flipped(shape) if model.preparation.augmentation == "crop-flip" else None
    return Dataset(
        model.data,
        classes,
        train=split(pixels[stay], labels[stay], augmentation),
        validation=split(pixels[off], labels[off]),
        test=split(*test),
    )


def cropped_and_flipped(shape: tuple[int, ...]) -> Augmentation:
    """Make the augmentation that suits photographs: move by up to four pixels, and mirror half of the images.

    Parameters
    ----------
    shape : tuple of int
        Channels, height and width of an image. What comes in from outside is 0, the mean of the set.
    """
    height, width = shape[-2:]
    border = ((0, 0), (0, 0), (BORDER, BORDER), (BORDER, BORDER))

    def augment(stimuli: np.ndarray, generator: np.random.Generator) -> np.ndarray:
        padded = np.pad(stimuli.reshape(-1, *shape), border)
        down, right = generator.integers(2 * BORDER + 1, size=(2, len(padded)))
        crops = sliding_window_view(padded, (height, width), axis=(2, 3))[np.arange(len(padded)), :, down, right]
        mirrored = generator.random(len(padded)) < 0.5
        crops[mirrored] = crops[mirrored, ..., ::-1]
        return crops.reshape(stimuli.shape)

    return augment
