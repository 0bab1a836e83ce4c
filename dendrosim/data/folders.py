"""Images of the user's own in a folder: a class a subfolder."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dendrosim.checks import path_of, shown, whole
from dendrosim.claims import check_claim, memory_free
from dendrosim.data.readers import own_reader
from dendrosim.errors import DataError

if TYPE_CHECKING:
    from PIL import Image

ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".pgm", ".ppm")
FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM")
"""What is read as an image; Pillow would start other programs for some others."""
MODES = {1: "L", 3: "RGB"}
"""How Pillow calls images of so many channels."""

Shape = tuple[int, int, int]


def read_images(folder: str | Path, shape: Any) -> tuple[np.ndarray, np.ndarray]:
    """Read a folder of images, a class a subfolder, in the order of their names.

    Parameters
    ----------
    folder : str or Path
        Its subfolders are the classes.
    shape : tuple of int
        Channels (1 is grey, 3 is colour), height and width that all images are resized to.

    Returns
    -------
    tuple of array
        Bytes of shape (samples, channels, height, width), and the name of each one's class.
    """
    files, labels = _classes_in(_folder(folder))
    return _pixels(files, shape), np.array(labels)


def read_loose_images(folder: str | Path, shape: Any) -> tuple[np.ndarray, list[str]]:
    """Read the images that lie in a folder itself, in the order of their names.

    Parameters
    ----------
    folder, shape
        As for :func:`read_images`.

    Returns
    -------
    tuple of array and list of str
        Bytes of shape (samples, channels, height, width), and the names of their files.
    """
    place = _folder(folder)
    files = _images_in(place)
    if not files:
        raise DataError(f"{place}: there are no images in this folder; add some ({', '.join(ENDINGS)}).")
    return _pixels(files, shape), [file.name for file in files]


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
    from PIL import Image, ImageOps

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
    from PIL import Image

    if image.mode == "F":
        raise ValueError("its grey values are floats; give whole numbers of 8 or 16 bits")
    if not image.mode.startswith("I"):
        return image
    return Image.fromarray(np.clip(np.asarray(image, np.int64) >> 8, 0, 255).astype(np.uint8))


def _pixels(files: list[Path], shape: Any) -> np.ndarray:
    shape = _shape(shape)
    if (needed := len(files) * math.prod(shape)) > memory_free():
        raise DataError(f"{len(files)} images take {needed / 1e9:.1f} GB, more than is free; ask for smaller ones.")
    pixels = np.empty((len(files), *shape), np.uint8)
    for number, file in enumerate(files):
        pixels[number] = read_image(file, shape)
    return pixels


def _folder(folder: str | Path) -> Path:
    place = path_of(folder, "the folder of images")
    if not place.is_dir():
        raise DataError(f"there is no folder '{place}'; write the path of one that has a subfolder for each class.")
    return place


def _classes_in(folder: Path) -> tuple[list[Path], list[str]]:
    """Return the images of a folder in the order of their names, and the class of each."""
    classes = sorted(each for each in folder.iterdir() if each.is_dir() and not each.name.startswith("."))
    files: list[Path] = []
    labels: list[str] = []
    for each in classes:
        images = _images_in(each)
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


def _images_in(folder: Path) -> list[Path]:
    return sorted(file for file in folder.iterdir() if _is_image(file))


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
