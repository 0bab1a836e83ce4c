"""Writing files so that whoever reads them, at any moment, finds the old one or the new one, whole."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from dendrosim.errors import DataError


def replace_file(path: Path, content: bytes) -> None:
    """Write a file beside its place, see it safely to the disk, and rename it over what is there."""
    partial = path.with_name(path.name + ".partial")
    with partial.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


@contextmanager
def replacing(path: Path, what: str) -> Iterator[Path]:
    """Give a path beside a file for others to write to, and rename it over the file at the end.

    Parameters
    ----------
    path : Path
        The file.
    what : str
        What it is, for the sentence of the error.

    Raises
    ------
    DataError
        It cannot be written.
    """
    partial = path.with_name(f"{path.stem}.partial{path.suffix}")  # of the same ending, which says its format
    with writable(path, what):
        yield partial
        partial.replace(path)


@contextmanager
def writable(path: Path, what: str) -> Iterator[None]:
    """Turn what the system says when `what` cannot be written at `path` into one sentence."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or error
        raise DataError(
            f"{path}: the {what} cannot be written ({reason}); make room for it, or choose another place."
        ) from None
