"""Keeping the pieces of a long recording on the disk until they are put together."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import xarray as xr

from dendrosim.files import writable


@contextmanager
def spooled(path: str | Path | None) -> Iterator[Callable[[xr.Dataset], xr.Dataset]]:
    """Give a function that writes a dataset beside `path` and returns one that reads from there as it is used.

    What was written is removed at the end. Without a path the function returns what it is given.

    Raises
    ------
    DataError
        The folder is not there or full.
    """
    if path is None:
        yield lambda piece: piece
        return
    path = Path(path)
    with (
        writable(path, "recording"),
        tempfile.TemporaryDirectory(prefix=f".{path.name}-", dir=path.parent) as folder,
    ):
        numbers = itertools.count()

        def keep(piece: xr.Dataset) -> xr.Dataset:
            file = Path(folder) / f"{next(numbers)}.nc"
            piece.to_netcdf(file, engine="h5netcdf")
            return xr.open_dataset(file, engine="h5netcdf", chunks={})

        yield keep
