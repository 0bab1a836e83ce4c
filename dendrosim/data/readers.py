"""Readers of the original file formats. None of them unpickles anything."""

from __future__ import annotations

import gzip
import math
import struct
import zipfile
import zlib
from collections.abc import Callable
from functools import wraps
from pathlib import Path

import h5py
import numpy as np
import pandas as pd
import scipy.io

from dendrosim.errors import DataError

_FAULTS = (
    ValueError,
    KeyError,
    EOFError,
    OSError,
    StopIteration,
    struct.error,
    zlib.error,
    zipfile.BadZipFile,
    scipy.io.matlab.MatReadError,
)

IDX_BYTES = 0x08
CIFAR_PIXELS = 3 * 32 * 32


def reader[**P, R](read: Callable[P, R]) -> Callable[P, R]:
    """Turn whatever goes wrong in a file into one sentence that names it; its path is the first argument."""

    @wraps(read)
    def checked(*arguments: P.args, **options: P.kwargs) -> R:
        try:
            return read(*arguments, **options)
        except _FAULTS as error:
            raise DataError(
                f"{arguments[0]}: this file is truncated or not in its format ({error or type(error).__name__}): "
                "delete it and run 'dendrosim data fetch' for its data set."
            ) from None

    return checked


def _content(path: Path) -> bytes:
    data = path.read_bytes()
    return gzip.decompress(data) if path.suffix == ".gz" else data


@reader
def read_idx(path: Path) -> np.ndarray:
    """Read the unsigned bytes of an idx file, gzipped or not: shape as its header says."""
    data = _content(path)
    zero, kind, axes = struct.unpack(">HBB", data[:4])
    if (zero, kind) != (0, IDX_BYTES):
        raise ValueError("it does not begin like an idx file of unsigned bytes")
    shape = struct.unpack(f">{axes}I", data[4 : 4 + 4 * axes])
    values = np.frombuffer(data, np.uint8, offset=4 + 4 * axes)
    if len(values) != math.prod(shape):
        raise ValueError(f"it holds {len(values)} of {math.prod(shape)} bytes")
    return values.reshape(shape)


@reader
def read_cifar(path: Path, label_bytes: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Read a file of the binary version of CIFAR.

    Parameters
    ----------
    path : Path
        The file.
    label_bytes : int
        Bytes before the pixels, the last of which is the label: 1 in CIFAR-10; 2 in CIFAR-100, the coarse one first.

    Returns
    -------
    tuple of array
        Images of shape (samples, 3, 32, 32) and labels of shape (samples,), both uint8.
    """
    data = np.frombuffer(path.read_bytes(), np.uint8)
    record = label_bytes + CIFAR_PIXELS
    if len(data) == 0 or len(data) % record:
        raise ValueError(f"{len(data)} bytes are no whole number of records of {record}")
    rows = data.reshape(-1, record)
    return rows[:, label_bytes:].reshape(-1, 3, 32, 32), rows[:, label_bytes - 1]


@reader
def read_svhn(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Read an SVHN .mat file, in which the digit 0 has the label 10.

    Returns
    -------
    tuple of array
        Images of shape (samples, 3, 32, 32) and labels of shape (samples,), both uint8.
    """
    content = scipy.io.loadmat(path, variable_names=["X", "y"])
    images = np.ascontiguousarray(content["X"].transpose(3, 2, 0, 1))
    return images, (content["y"].ravel() % 10).astype(np.uint8)


@reader
def read_columns(path: Path, header: bool, dated: bool) -> np.ndarray:
    """Read comma-separated numbers (.csv, .txt, gzipped or not): float64 of shape (steps, columns).

    Parameters
    ----------
    path : Path
        The file.
    header : bool
        Whether its first line names the columns.
    dated : bool
        Whether its first column holds dates, which are left out.
    """
    frame = pd.read_csv(path, header=0 if header else None)
    return _finite(frame.iloc[:, int(dated) :].to_numpy(np.float64))


@reader
def read_hdf(path: Path) -> np.ndarray:
    """Read the one frame of numbers in an HDF5 file that pandas wrote: float64 of shape (steps, columns)."""
    with h5py.File(path) as file:
        frame = next(iter(file.values()))
        return _finite(np.asarray(frame["block0_values"], np.float64))


@reader
def read_npz(path: Path) -> np.ndarray:
    """Read the array ``data`` of an .npz file: float64 of shape (steps, columns).

    Of an array of shape (steps, columns, quantities) the first quantity is read.
    """
    with np.load(path, allow_pickle=False) as file:
        data = np.asarray(file["data"], np.float64)
    return _finite(data[..., 0] if data.ndim == 3 else data)


@reader
def read_lines(path: Path) -> list[str]:
    """Read the lines of a text in Latin-1; only a line feed ends one."""
    lines = path.read_bytes().decode("latin-1").split("\n")
    if lines.pop():
        raise ValueError("its last line has no end")
    return lines


@reader
def read_text(path: Path) -> str:
    """Read a text in UTF-8, with line feeds as line ends."""
    return path.read_text(encoding="utf-8")


@reader
def read_vectors(path: Path) -> tuple[list[str], np.ndarray]:
    """Read word vectors in GloVe's form, one word a line, gzipped or not.

    Returns
    -------
    list of str, array
        Words, and their vectors in float32 of shape (words, dimensions).
    """
    words, vectors = [], []
    unpacked = gzip.open if path.suffix == ".gz" else open
    with unpacked(path, "rt", encoding="utf-8", newline="\n") as file:
        for line in file:
            word, _, values = line.partition(" ")
            words.append(word)
            vectors.append(np.array(values.split(" "), np.float32))
    if not vectors or not line.endswith("\n"):
        raise ValueError("its last line has no end")
    return words, np.array(vectors)


def _finite(table: np.ndarray) -> np.ndarray:
    if table.ndim != 2 or not table.size or not np.isfinite(table).all():
        raise ValueError("it is no table of finite numbers")
    return table
