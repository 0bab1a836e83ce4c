"""Arrays of the user's own: stimuli are numbers, targets are classes or quantities, and both are checked here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from dendrosim.arrays import check_no_mask, real_array
from dendrosim.checks import reason, shown
from dendrosim.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

LOOKED_AT = 2**24
"""Bytes of samples that are looked at, at once."""
SCALARS: tuple[tuple[tuple[type, ...], type], ...] = (
    ((str,), str),
    ((bool, np.bool_), bool),
    ((int, np.integer), int),
    ((float, np.floating, int, np.integer), float),
)
"""What an array of objects may hold, and what it becomes."""

Classes = tuple[Any, ...]
"""The label of each output cell."""
Columns = tuple[str, ...]
"""The names of the numbers of a stimulus, where they came as columns of a frame."""


class Items:
    """The first of each pair that a torch data set gives, read by index like an array.

    Parameters
    ----------
    dataset : object
        Anything with a length that gives pairs of stimulus and target by number, as ``torch.utils.data.Dataset`` does.
    """

    def __init__(self, dataset: Any):
        try:
            count = len(dataset)
        except TypeError:
            raise DataError(f"{shown(dataset)} has no length; give a data set that is read by number.") from None
        if not count:
            raise DataError("there are no samples; give some.")
        self._dataset = dataset
        self.dtype = np.dtype(np.float32)
        self.shape: tuple[int, ...] = (count, *self.pair(0)[0].shape)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, index: Any) -> np.ndarray:
        return np.stack([self.pair(int(number))[0] for number in np.arange(len(self))[index]])

    def pair(self, number: int) -> tuple[np.ndarray, Any]:
        """Return one stimulus in float32, and its target.

        Raises
        ------
        DataError
            They are no pair of numbers, or the stimulus has another shape than the first.
        """
        try:
            stimulus, target = self._dataset[number]
            stimulus = np.asarray(stimulus)
            target = np.asarray(target)
        except Exception as fault:  # whatever the data set does when it is asked for a sample
            raise DataError(f"sample {number} is no stimulus with a target ({reason(fault)}); give pairs.") from None
        stimulus = real_array(stimulus, f"sample {number}").astype(np.float32)
        if number and stimulus.shape != self.shape[1:]:
            raise DataError(
                f"sample {number} has shape {stimulus.shape} and the first {self.shape[1:]}; give all the same."
            )
        return stimulus, target


def stacked(targets: list[np.ndarray]) -> np.ndarray:
    """Return the targets of single samples as one array.

    Raises
    ------
    DataError
        They have several shapes.
    """
    try:
        return np.stack(targets)
    except ValueError:
        raise DataError("targets have several shapes; give all samples targets of the same.") from None


def check_same_rows(stimuli: Any, targets: Any) -> None:
    """Raise DataError where two pandas objects name their rows differently: they would be paired by their order."""
    import pandas as pd

    frames = [each.index for each in (stimuli, targets) if isinstance(each, pd.DataFrame | pd.Series)]
    if len(frames) == 2 and len(frames[0]) == len(frames[1]) and not frames[0].equals(frames[1]):
        raise DataError("stimuli and targets have different indexes; align them, or give both by to_numpy().")


def stimuli_of(value: Any, name: str = "stimuli", columns: Columns | None = None) -> np.ndarray:
    """Return stimuli as an array of real numbers, of whatever type; a memory-mapped one stays so.

    Whether they fit comes next; only then are all of them read, by :func:`check_finite`.

    Parameters
    ----------
    value : array-like
        Of a frame whose columns have names, those that are asked for are taken, in their order.
    name : str
        What the array is called.
    columns : tuple of str, optional
        Names of the numbers of a stimulus.

    Raises
    ------
    DataError
        They are no numbers, ragged or empty, or a column is missing.
    """
    import pandas as pd

    there = columns_of(value)
    if columns and there:
        missing = [column for column in columns if column not in there]
        if missing:
            raise DataError(f"{name}: there is no column {shown(missing[0])}; give all that were learned from.")
        value = value[list(columns)]
    array = table_of(value, name) if isinstance(value, pd.DataFrame) else real_array(value, name)
    if array.ndim < 2 or not array.size:
        raise DataError(f"{name} have shape {array.shape}; give an array of shape (samples, ...) that is not empty.")
    return array


def columns_of(value: Any) -> Columns | None:
    """Return the names of a frame's columns, or None where it is no frame, or they are mere numbers.

    Raises
    ------
    DataError
        Two columns have one name.
    """
    import pandas as pd

    if not isinstance(value, pd.DataFrame) or not all(isinstance(column, str) for column in value.columns):
        return None
    if not value.columns.is_unique:
        twice = value.columns[value.columns.duplicated()][0]
        raise DataError(f"two columns have the name {shown(twice)}; rename one of them.")
    return tuple(value.columns)


def table_of(frame: pd.DataFrame, name: str) -> np.ndarray:
    """Return a frame of numbers and truth values in float64.

    Raises
    ------
    DataError
        A column holds something else.
    """
    odd = [column for column, kind in frame.dtypes.items() if kind.kind not in "biuf"]
    if odd:
        raise DataError(f"{name}: the column {shown(odd[0])} holds no numbers; encode it as numbers, or leave it out.")
    return frame.to_numpy(np.float64, na_value=np.nan)


def check_finite(samples: Any, name: str) -> None:
    """Raise DataError unless all numbers are finite in float32; they are read piece by piece."""
    if samples.dtype.kind in "biu":
        return
    size = int(np.prod(samples.shape[1:])) * samples.dtype.itemsize
    for first in range(0, len(samples), max(1, LOOKED_AT // max(1, size))):
        with np.errstate(over="ignore"):
            piece = np.asarray(samples[first : first + max(1, LOOKED_AT // max(1, size))], np.float32)
        bad = ~np.isfinite(piece).reshape(len(piece), -1).all(axis=1)
        if bad.any():
            raise DataError(
                f"{name}: sample {first + int(bad.argmax())} holds NaN, infinite or too large numbers; correct it, or "
                "leave it out."
            )


def targets_of(value: Any, stimuli: Any, name: str = "targets") -> tuple[np.ndarray, bool]:
    """Return targets of some stimuli, and whether they are classes.

    Their type decides: whole numbers, strings and truth values are classes, floats are quantities of a regression.

    Returns
    -------
    array
        Classes of shape (samples,) or (samples, steps), quantities of shape (samples, outputs) or (samples, steps,
        outputs).
    bool
        Whether they are classes.

    Raises
    ------
    DataError
        They are neither, not finite, or not as many as the stimuli.
    """
    array = _plain(value, name)
    is_sequence = len(stimuli.shape) == 3
    lead = tuple(stimuli.shape[: 1 + is_sequence])
    if not array.ndim or len(array) != len(stimuli):
        raise DataError(f"{name} have shape {array.shape} for {len(stimuli)} stimuli; give one for each.")
    has_classes = array.dtype.kind != "f"
    if has_classes and array.shape == (*lead, 1):
        array = array[..., 0]
    elif not has_classes and array.shape == lead:
        array = array[..., None]
    if array.shape[: len(lead)] != lead or array.ndim != len(lead) + (not has_classes) or not array.size:
        what = "classes" if has_classes else "quantities"
        each, shape = ("step of each sample", "samples, steps") if is_sequence else ("sample", "samples")
        image = "; stimuli of three axes are sequences, and images have an axis of channels" if is_sequence else ""
        raise DataError(
            f"{name} are {what} of shape {array.shape}; give whole numbers or strings, one for each {each}, or floats "
            f"of shape ({shape}, outputs){image}."
        )
    if not has_classes:
        check_finite(array, name)
    return array, has_classes


def codes_of(labels: np.ndarray, classes: Classes | None = None, name: str = "labels") -> tuple[np.ndarray, Classes]:
    """Return the number of each label's class, and the classes in their order.

    Parameters
    ----------
    labels : array
        Whole numbers, strings or truth values.
    classes : tuple, optional
        The classes that there are; by default all that occur, sorted.

    Raises
    ------
    DataError
        There is one class only, or a label of none of the classes.
    """
    found, codes = np.unique(labels, return_inverse=True)
    codes = codes.reshape(labels.shape).astype(np.int64)
    if classes is None:
        if len(found) < 2:
            raise DataError(f"{name}: all of them are {shown(found[0].item())}; give samples of two classes or more.")
        return codes, tuple(found.tolist())
    places = {each: place for place, each in enumerate(classes)}
    strange = [each for each in found.tolist() if each not in places]
    if strange:
        known = ", ".join(map(str, classes[:10])) + (", ..." if len(classes) > 10 else "")
        raise DataError(f"{name}: {shown(strange[0])} is no class that was learned; use {known}.")
    return np.array([places[each] for each in found.tolist()])[codes], classes


def _plain(value: Any, name: str) -> np.ndarray:
    """Return an array of whole numbers, truth values, strings or floats; nothing becomes another thing on the way."""
    try:
        array = np.asarray(value)
        if array.dtype.kind == "U" and not isinstance(value, np.ndarray):
            array = np.asarray(value, object)  # a list of strings and NaN would be one of strings
    except Exception as fault:  # whatever the object does when it is asked for its values
        raise DataError(f"{name} cannot be read as an array ({reason(fault)}); give one value a sample.") from None
    check_no_mask(value, name)
    if array.dtype.kind == "O":
        kinds = {type(each) for each in array.flat}
        into = next((into for known, into in SCALARS if all(issubclass(kind, known) for kind in kinds)), None)
        if into is None:
            names = ", ".join(sorted(kind.__name__ for kind in kinds))
            raise DataError(f"{name} hold {names}; give whole numbers or strings, none missing, or floats.")
        try:
            array = array.astype(into)
        except OverflowError:
            raise DataError(f"{name} hold whole numbers of more than 64 bits; give smaller ones, or strings.") from None
    if array.dtype.kind not in "biufU":
        raise DataError(f"{name} are {array.dtype}; give whole numbers or strings, which are classes, or floats.")
    return array
