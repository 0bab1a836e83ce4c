"""Files of the user's own: arrays in an .npz file or in .npy files, or a table in a .csv file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from dendrosim.checks import is_file
from dendrosim.data.arrays import Classes, check_finite, codes_of, columns_of, stimuli_of, table_of, targets_of
from dendrosim.data.dataset import Dataset
from dendrosim.data.readers import read_mapped_array, read_named_arrays, read_table
from dendrosim.data.samples import part_of
from dendrosim.data.splits import divided, three_parts
from dendrosim.errors import DataError
from dendrosim.model import Model

OWN_FILE = "file:"  # begins the name of a file of the user's
TEST = 0.2  # share of the samples, where the file has no samples for the test
STARTS = {"train": "", "validation": "validation_", "test": "test_"}
"""How the arrays of each split begin in an .npz file."""
KINDS = ("stimuli", "labels", "targets")
"""How they go on."""

Samples = tuple[Any, Any]
"""Stimuli as they stand in a file, and their targets; None where it has none."""


def own_file(model: Model) -> Dataset:
    """Load a file of the user's, whose name is ``model.data`` after ``file:``, relative to the current directory.

    ``mine.npz``
        Arrays ``stimuli``, and ``labels`` (whole numbers, strings) or ``targets`` (floats), as for
        :meth:`Dataset.from_arrays`; where the file has them too, ``test_stimuli`` with ``test_labels`` or
        ``test_targets``, and ``validation_stimuli`` likewise.
    ``mine.npy``
        Stimuli, which stay on disk and may be larger than memory, with ``mine.labels.npy`` or ``mine.targets.npy``
        beside them; where they are there too, ``test_mine.npy`` with ``test_mine.labels.npy`` or
        ``test_mine.targets.npy``, and ``validation_mine.npy`` likewise.
    ``mine.csv#COLUMN``
        The first line names the columns. COLUMN is the target: a class, or, where the output of the model is
        ``identity``, a quantity. All other columns are the stimulus.

    Samples that the file has no split for are drawn from the others, always the same: a fifth for the test, then
    ``training.validation`` of the rest.

    Parameters
    ----------
    model : Model
        Its ``data``, ``output`` and ``training.validation`` are read.

    Raises
    ------
    DataError
        The file is not there, is damaged, or holds what is no data.
    """
    text = model.data.removeprefix(OWN_FILE)
    read = read_samples(text, model.output != "softmax")
    parts, classes = _coded(text, read)
    rows = _rows(parts["train"][1], classes is not None, model.training.validation, set(read))
    splits = [
        part_of(*parts["train"], classes, rows[split]) if split in rows else part_of(*parts[split], classes)
        for split in STARTS
    ]
    return replace(Dataset.of_parts(splits, model.data, classes), columns=columns_of(read["train"][0]))


def read_samples(text: str, quantities: bool | None) -> dict[str, Samples]:
    """Read a file of the user's by split: stimuli, and their targets where it has them.

    Parameters
    ----------
    text : str
        An .npz, .npy or .csv file, or FILE.csv#COLUMN.
    quantities : bool or None
        Whether the target column of a table holds quantities, and no classes; None where it is only left out.

    Raises
    ------
    DataError
        As for :func:`own_file`.
    """
    path, column = (text, "") if is_file(Path(text)) else (text.rpartition("#")[0], text.rpartition("#")[2])
    if not is_file(Path(path)):
        raise DataError(f"there is no file '{path or text}'; write the path of an .npz, .npy or .csv file.")
    name = path.lower().removesuffix(".gz")
    if name.endswith(".csv"):
        return {"train": _table(Path(path), column, quantities)}
    if column or not path.lower().endswith((".npz", ".npy")):
        raise DataError(f"{text}: files of your own are FILE.npz, FILE.npy or FILE.csv#COLUMN; save it so.")
    return _by_split(path, _arrays(Path(path)) if name.endswith(".npz") else _mapped(Path(path)))


def _arrays(path: Path) -> dict[str, np.ndarray]:
    return read_named_arrays(path, [start + kind for start in STARTS.values() for kind in KINDS])


def _mapped(path: Path) -> dict[str, np.ndarray]:
    """Open the .npy files beside one of stimuli, by the names that their arrays would have in an .npz file."""
    places = {
        start + kind: path.with_name(start + (path.name if kind == "stimuli" else f"{path.stem}.{kind}.npy"))
        for start in STARTS.values()
        for kind in KINDS
    }
    return {name: read_mapped_array(place) for name, place in places.items() if is_file(place)}


def _by_split(path: str, there: dict[str, np.ndarray]) -> dict[str, Samples]:
    read: dict[str, Samples] = {}
    for split, start in STARTS.items():
        stimuli, labels, targets = (there.get(start + kind) for kind in KINDS)
        if stimuli is None:
            if split == "train" or labels is not None or targets is not None:
                raise DataError(f"{path}: there is no array '{start}stimuli'; {_naming(path)}.")
            continue
        if labels is not None and targets is not None:
            raise DataError(f"{path}: there are both {start}labels and {start}targets; keep one of them.")
        if labels is not None and labels.dtype.kind == "f":
            raise DataError(
                f"{path}: {start}labels are floats; save classes as whole numbers or strings, and quantities as "
                f"'{start}targets'."
            )
        if targets is not None and targets.dtype.kind != "U":
            targets = targets.astype(np.float64)
        read[split] = stimuli, labels if targets is None else targets
    return read


def _table(path: Path, column: str, quantities: bool | None) -> Samples:
    frame = read_table(path)
    if not column:
        return frame, None
    if column not in frame:
        raise DataError(f"{path}: there is no column '{column}'; {_naming(str(path))}.")
    target = frame[column].to_numpy()
    stimuli = frame.drop(columns=column)
    if quantities is None:
        return stimuli, None
    if quantities:
        return stimuli, table_of(frame[[column]], str(path))
    if target.dtype.kind != "f":
        return stimuli, target
    if not (np.isfinite(target).all() and (target == np.round(target)).all()):
        raise DataError(
            f"{path}: column '{column}' holds fractions or gaps, and a softmax tells classes apart; write classes, or "
            'set output = "identity" for a regression.'
        )
    return stimuli, target.astype(np.int64)


def _naming(text: str) -> str:
    """Return how the arrays or columns of a file are named."""
    if text.lower().endswith(".npy"):
        beside = Path(text).stem
        return f"save them beside it by numpy.save as {beside}.labels.npy, or {beside}.targets.npy of a regression"
    if ".csv" not in text.lower():
        return "write it with numpy.savez(FILE, stimuli=..., labels=...), or targets=... of a regression"
    columns = ", ".join(map(str, read_table(Path(text)).columns[:20])) if is_file(Path(text)) else "its columns"
    return f"name the target column, as in FILE.csv#COLUMN, out of {columns}"


def _coded(text: str, read: dict[str, Samples]) -> tuple[dict[str, tuple[np.ndarray, np.ndarray]], Classes | None]:
    """Return stimuli with numbers of classes, or with quantities, and the classes of the training split."""
    parts, kinds = {}, {}
    for split, (stimuli, targets) in read.items():
        if targets is None:
            raise DataError(f"{text}: there are no {STARTS[split]}targets; {_naming(text)}.")
        stimuli = stimuli_of(stimuli, f"{text}: {STARTS[split]}stimuli")
        wanted, kinds[split] = targets_of(targets, stimuli, f"{text}: {STARTS[split]}targets")
        check_finite(stimuli, f"{text}: {STARTS[split]}stimuli")
        parts[split] = stimuli, wanted
    if len(set(kinds.values())) > 1:
        raise DataError(f"{text}: what are classes in one split are quantities in another; save all alike.")
    if not kinds["train"]:
        return parts, None
    classes = codes_of(parts["train"][1], name=f"{text}: labels")[1]
    for split, (stimuli, labels) in parts.items():
        parts[split] = stimuli, codes_of(labels, classes, f"{text}: {STARTS[split]}labels")[0]
    return parts, classes


def _rows(targets: np.ndarray, has_classes: bool, validation: float, given: set[str]) -> dict[str, np.ndarray]:
    """Draw splits that a file does not have from the samples that it has for training."""
    if given == {"train"}:
        return dict(zip(STARTS, three_parts(targets, has_classes, validation, TEST, seed=0), strict=True))
    missing = STARTS.keys() - given
    if not missing:
        return {}
    (split,) = missing
    share, name = (validation, "training.validation") if split == "validation" else (TEST, "the share for test")
    return dict(zip(("train", split), divided(targets, has_classes, share, name), strict=True))
