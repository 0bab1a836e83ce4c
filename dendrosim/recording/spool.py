"""Keeping the pieces of a long recording on the disk until they are put together."""

from __future__ import annotations

import itertools
import shutil
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import xarray as xr

from dendrosim.files import check_writable, elsewhere, temporary_folder, writable

_AMPLE, _MARGIN = 2, 2**24  # times the size of what is written, and bytes


@contextmanager
def spooled(path: str | Path | None) -> Iterator[Callable[[xr.Dataset], xr.Dataset]]:
    """Give a function that writes a dataset beside `path` and returns one that reads from there as it is used.

    What was written is removed at the end. Without a path the function returns what it is given. Where the disk gets
    full meanwhile, the function goes on in the system's temporary folder, so that nothing is lost.

    Raises
    ------
    DataError
        Nothing can be written beside `path`, which is made sure at the beginning, or it got full and so did the
        temporary folder.
    """
    if path is None:
        yield lambda piece: piece
        return
    path = Path(path)
    check_writable(path, "recording")
    with ExitStack() as folders:
        with writable(path, "recording"):
            here = folders.enter_context(temporary_folder(path.absolute().parent))
        numbers = itertools.count()

        def keep(piece: xr.Dataset) -> xr.Dataset:
            name = f"{next(numbers)}.nc"
            try:
                return _on_disk(piece, here / name)
            except OSError:  # whoever saves the recording will say so
                with writable(path, "recording"):
                    there = folders.enter_context(temporary_folder(elsewhere(path.absolute().parent)))
                    return _on_disk(piece, there / name)

        yield keep


def _on_disk(piece: xr.Dataset, file: Path) -> xr.Dataset:
    write_netcdf(piece, file)
    return open_netcdf(file)


def write_netcdf(dataset: xr.Dataset, file: Path, **settings: Any) -> None:
    """Write a dataset, by way of memory where room is short: on a disk that gets full HDF5 ends the whole process."""
    if shutil.disk_usage(file.parent).free > _AMPLE * dataset.nbytes + _MARGIN:
        dataset.to_netcdf(file, engine="h5netcdf", **settings)
    else:
        file.write_bytes(dataset.to_netcdf(engine="h5netcdf", **settings))


def open_netcdf(file: str | Path) -> xr.Dataset:
    """Open a file from which only what is used is read."""
    with warnings.catch_warnings():  # xarray would leave a filter of its own behind
        return xr.open_dataset(file, engine="h5netcdf", chunks={})
