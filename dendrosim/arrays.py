"""What an array that comes in has to be; :mod:`dendrosim.checks` looks at what is no array, and loads no NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np

from dendrosim.checks import Error, dimensions, reason, shown
from dendrosim.claims import memory_free
from dendrosim.errors import DataError


def real_array(value: Any, name: str, error: Error = DataError) -> np.ndarray:
    """Return an array of real numbers in the type that they have."""
    try:
        array = np.asarray(value)
    except Exception as fault:  # whatever the object does when it is asked for its numbers
        raise error(f"{name} cannot be read as an array ({reason(fault)}); give numbers of one shape.") from None
    check_no_mask(value, name, error)
    if array.dtype.kind not in "biuf" or any(dimensions(value) or ()):
        raise error(
            f"{name} are {array.dtype}, or have a unit, where real numbers are wanted; give an array of numbers."
        )
    return array


def check_no_mask(value: Any, name: str, error: Error = DataError) -> None:
    """Raise the error if a masked array has masked values, which an array of numbers would bring to light again."""
    if hasattr(value, "_mask") and np.ma.is_masked(value):  # which loads numpy.ma
        raise error(f"{name} have masked or missing values; fill them, or leave their samples out.")


def numbers(value: Any, name: str, error: Error = DataError) -> np.ndarray:
    """Return an array of real numbers in float64, if there is room for it."""
    array = real_array(value, name, error)
    if array.size * 8 > memory_free():
        raise error(f"{name} would take {array.size * 8 / 1e9:.1f} GB, more than is free; give fewer at once.")
    return array.astype(float)


def indices(value: Any, name: str, axes: int = 1, error: Error = DataError) -> np.ndarray:
    """Return an array of whole numbers with so many axes; an empty sequence has no numbers of any kind."""
    array = numbers(value, name, error)
    if not array.size:
        return np.zeros((0,) * axes, dtype=int)
    if array.ndim != axes or np.asarray(value).dtype.kind not in "iu":
        raise error(f"{name} are {shown(value)}; give whole numbers{' in rows' if axes > 1 else ''}.")
    return array.astype(int)
