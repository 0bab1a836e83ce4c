"""Images of the user's own in a folder: a class a subfolder."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from dendrosim.checks import shown, whole
from dendrosim.claims import check_claim, memory_free
from dendrosim.data.dataset import Dataset, Encoded, Split, one_hot
from dendrosim.data.images import cropped_and_flipped
from dendrosim.data.readers import own_reader
from dendrosim.data.splits import three_parts
from dendrosim.errors import DataError, ModelError
from dendrosim.model import Model

OWN_IMAGES = "images:"  # begins the name of a folder of the user's
ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".pgm", ".ppm")
FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM")
"""What is read as an image; Pillow would start other programs for some others."""
MODES = {1: "L", 3: "RGB"}
"""How Pillow calls images of so many channels."""
TEST = 0.2  # share of the images

Shape = tuple[int, int, int]


def image_folder(model: Model) -> Dataset:
    """Load a folder of images, whose name is ``model.data`` after ``images:``, relative to the current directory.

    Each subfolder is a class. Images are resized to ``model.input``, (channels, height, width), of one channel (grey)
    or three; a flat input needs ``preparation.image``, which says that shape. A fifth is for the test, always the same.

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
    shape = model.preparation.image or model.input
    if len(shape) != 3:
        raise ModelError(
            f"{model.source}: input: {list(shape)} does not say how high and wide the images are; set input to "
            "[channels, height, width], or preparation.image to that."
        )
    if shape[0] not in MODES:
        raise ModelError(
            f"{model.source}: {'preparation.image' if model.preparation.image else 'input'}: images have 1 channel "
            f"(grey) or 3 (colour), and not {shape[0]}; set the first number to one of these."
        )
    folder, is_flat = model.data.removeprefix(OWN_IMAGES), len(model.input) == 1
    is_augmented = model.preparation.augmentation == "crop-flip"
    return read_folder(folder, shape, model.training.validation, TEST, 0, is_flat, is_augmented)


def read_folder(
    folder: str | Path,
    shape: Any,
    validation: float,
    test: float,
    seed: int,
    is_flat: bool = False,
    is_augmented: bool = False,
) -> Dataset:
    """Make a data set of a folder of images; see :meth:`dendrosim.Dataset.from_images`."""
    place, shape = Path(folder), _shape(shape)
    files, labels = _listed(place)
    classes = tuple(dict.fromkeys(labels))
    codes = np.array([classes.index(label) for label in labels])
    if (needed := len(files) * math.prod(shape)) > memory_free():
        raise DataError(f"{place}: its images take {needed / 1e9:.1f} GB, more than is free; ask for smaller ones.")
    rows = three_parts(np.array(labels), True, validation, test, seed)
    pixels = np.empty((len(files), *shape), np.uint8)
    for number, file in enumerate(files):
        pixels[number] = read_image(file, shape)
    read_as = (math.prod(shape),) if is_flat else shape

    def decode(raw: np.ndarray) -> np.ndarray:
        values = np.multiply(raw, np.float32(1 / 127.5), dtype=np.float32)
        values -= 1
        return values.reshape(len(raw), *read_as)

    augmentations = (cropped_and_flipped(shape) if is_augmented else None), None, None
    parts = [
        Split(Encoded(pixels[part], decode, read_as), one_hot(codes[part], len(classes)), codes[part], augmentation)
        for part, augmentation in zip(rows, augmentations, strict=True)
    ]
    return Dataset.of_parts(parts, f"{OWN_IMAGES}{place}", classes)


@own_reader
def read_image(path: Path, shape: Shape) -> np.ndarray:
    """Read an image as bytes of shape (channels, height, width): upright, on white, and resized.

    A pixel is the mean of what it covers.

    Parameters
    ----------
    path : Path
        A file of one of ``FORMATS``; the first picture of several.
    shape : tuple of int
        Channels (1 is grey, 3 is colour), height and width.
    """
    channels, height, width = shape
    with Image.open(path, formats=FORMATS) as stored:
        check_claim(4 * stored.width * stored.height, path.stat().st_size)
        image = _eight_bits(ImageOps.exif_transpose(stored))
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    resized = image.convert("RGB").convert(MODES[channels]).resize((width, height), Image.Resampling.BOX)
    return np.asarray(resized, np.uint8).reshape(height, width, channels).transpose(2, 0, 1)


def _eight_bits(image: Image.Image) -> Image.Image:
    """Return an image of which no channel has more than 8 bits; Pillow would cut larger values off."""
    if image.mode == "F":
        raise ValueError("its grey values are floats; give whole numbers of 8 or 16 bits")
    if not image.mode.startswith("I"):
        return image
    return Image.fromarray(np.clip(np.asarray(image, np.int64) >> 8, 0, 255).astype(np.uint8))


def _listed(folder: Path) -> tuple[list[Path], list[str]]:
    """Return the images of a folder in the order of their names, and the class of each."""
    if not folder.is_dir():
        raise DataError(f"there is no folder '{folder}'; write the path of one that has a subfolder for each class.")
    classes = sorted(each for each in folder.iterdir() if each.is_dir() and not each.name.startswith("."))
    files: list[Path] = []
    labels: list[str] = []
    for each in classes:
        images = sorted(file for file in each.iterdir() if _is_image(file))
        if not images:
            raise DataError(
                f"{each}: there are no images of this class; add some ({', '.join(ENDINGS)}), or remove the folder."
            )
        files += images
        labels += [each.name] * len(images)
    if len(classes) < 2:
        found = f"has only the class {shown(classes[0].name)}" if classes else "has no subfolders"
        raise DataError(f"{folder}: this folder {found}; give a subfolder of images for each of two classes or more.")
    return files, labels


def _is_image(file: Path) -> bool:
    return file.suffix.lower() in ENDINGS and not file.name.startswith(".") and file.is_file()


def _shape(shape: Any) -> Shape:
    try:
        channels, height, width = (whole(each, "the shape of images", 1) for each in shape)
    except (TypeError, ValueError):
        raise DataError(f"the shape of images is {shown(shape)}; give (channels, height, width).") from None
    if channels not in MODES:
        raise DataError(f"images have 1 channel (grey) or 3 (colour), and not {channels}; give one of these.")
    return channels, height, width
