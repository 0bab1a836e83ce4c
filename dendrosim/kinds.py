"""What kind of file a path leads to, by its content and not by its ending, and which command takes it."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from dendrosim.errors import DataError, DendrosimError, ParametersError, RunError

RUN, MODEL, WEIGHTS, CHECKPOINT = "a run folder", "a model file", "a weights file", "a checkpoint"
RECORDING, LEARNING = "a recording of a relaxation", "a recording of weights over a learning"
NWB, ARRAYS, MORPHOLOGY = "an NWB file", "a file of arrays", "a morphology"

TAKEN: dict[str, str] = {
    RUN: "'dendrosim evaluate' and 'predict' take it",
    MODEL: "'dendrosim train' takes it and writes a run folder",
    WEIGHTS: "'dendrosim relax MODEL --weights' and 'train MODEL --weights' take it",
    CHECKPOINT: "'dendrosim train MODEL --resume --out' takes its folder",
    RECORDING: "'dendrosim view', 'animate' and 'export' take it",
    LEARNING: "'dendrosim animate' draws it",
    NWB: "ds.Recording.from_nwb reads it",
    MORPHOLOGY: "'dendrosim cell' takes it, and so does ds.Morphology.read",
    ARRAYS: "'dendrosim predict RUN' takes it, and so does a model by its data = \"file:...\"",
}
"""Which command takes each kind."""
MADE: dict[str, tuple[str, str, type[DendrosimError]]] = {
    RUN: ("run folder", "dendrosim train", RunError),
    WEIGHTS: ("weights file", "dendrosim train", ParametersError),
    RECORDING: ("recording", "dendrosim relax", DataError),
}
"""What the kinds that commands read are called, which command makes them, and what is raised without one."""
LARGEST_TEXT = 2**16  # bytes of a model file


def expect(path: str | Path, *wanted: str) -> None:
    """Raise an error if a path leads to a file of another kind than those wanted.

    What is not there, or of no kind that is known, is left to whoever reads it.

    Raises
    ------
    DataError
        The sentence names the kind, and which command takes it.
    """
    kind = kind_of(Path(path))
    if kind is not None and kind not in wanted:
        raise DataError(f"{path}: this is {kind}, and not {_listed(wanted)}; {TAKEN[kind]}.")


def missing(path: str | Path, kind: str) -> DendrosimError:
    """Return the error that nothing of a kind is where a path leads."""
    name, command, error = MADE[kind]
    return error(f"{path}: there is no such {name}; make one with '{command}'.")


def kind_of(path: Path) -> str | None:
    """Return what a path leads to, out of ``TAKEN``, or None.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "mine.txt"
    >>> file.write_text("layers = []")
    11
    >>> kind_of(file)
    'a model file'
    """
    if os.path.isdir(path):
        return RUN if all(os.path.isfile(path / name) for name in ("model.toml", "summary.json")) else None
    if not os.path.isfile(path):
        return None
    try:
        with path.open("rb") as file:
            start = file.read(8)
            if start.startswith(b"\x89HDF"):
                return _of_hdf(path)
            if start.startswith(b"\x93NUMPY") or (start.startswith(b"PK") and _holds_arrays(path)):
                return ARRAYS
            length = int.from_bytes(start, "little")
            if len(start) == 8 and 2 <= length <= path.stat().st_size - 8 and file.read(1) == b"{":
                file.seek(8)
                return _of_safetensors(json.loads(file.read(length)))
            file.seek(0)
            text = file.read(LARGEST_TEXT)
            if _is_swc(text):
                return MORPHOLOGY
            return MODEL if "layers" in tomllib.loads(text.decode("utf-8-sig")) else None
    except Exception:  # whatever a library says of damaged bytes: they are of no kind that is known
        return None


def _of_hdf(path: Path) -> str | None:
    import h5py

    with h5py.File(path) as file:
        if "nwb_version" in file.attrs:
            return NWB
        return RECORDING if "time" in file else LEARNING if "connection" in file else None


def _of_safetensors(header: Any) -> str | None:
    metadata = header.get("__metadata__", {})
    if "dendrosim" not in metadata:
        return None
    return CHECKPOINT if "checksum" in metadata else WEIGHTS


def _is_swc(text: bytes) -> bool:
    """Tell whether the first row that is no comment is seven numbers, of which the first is whole."""
    rows = (line.partition(b"#")[0].split() for line in text.removeprefix(b"\xef\xbb\xbf").splitlines())
    first = next((row for row in rows if row), [])
    try:
        numbers = [float(each) for each in first[:7]]
    except ValueError:
        return False
    return len(numbers) == 7 and numbers[0].is_integer()


def _holds_arrays(path: Path) -> bool:
    import zipfile

    with zipfile.ZipFile(path) as archive:
        return any(name.endswith(".npy") for name in archive.namelist())


def _listed(kinds: Iterable[str]) -> str:
    return " or ".join(kinds)
