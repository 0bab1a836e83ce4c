"""Readers of the original file formats. None of them unpickles anything."""

from __future__ import annotations

import io
import math
import struct
import zipfile
from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import IO, TYPE_CHECKING, Concatenate

import numpy as np

from dendrosim.checks import path_of, reason
from dendrosim.claims import check_claim, content
from dendrosim.data.mat import read_arrays
from dendrosim.errors import DataError
from dendrosim.hdf import check_hdf

if TYPE_CHECKING:
    import pandas as pd

IDX_BYTES = 0x08
CIFAR_PIXELS = 3 * 32 * 32
MOST_COLUMNS = 10_000
"""Of comma-separated numbers; pandas takes minutes for a hundred thousand."""


FETCH = "move it away and run 'dendrosim data fetch' for its data set"


def reader[**P, R](read: Callable[Concatenate[Path, P], R], remedy: str = FETCH) -> Callable[Concatenate[Path, P], R]:
    """Turn whatever goes wrong in a file into one sentence that names it; its path is the first argument.

    What the libraries that read a format raise on damaged bytes is not theirs to promise, so here, and only here, every
    exception means the file.
    """

    @wraps(read)
    def checked(path: Path, *arguments: P.args, **options: P.kwargs) -> R:
        path = path_of(path, "the file")
        try:
            return read(path, *arguments, **options)
        except Exception as error:
            raise DataError(
                f"{path}: this file is truncated or not in its format ({reason(error)}): {remedy}."
            ) from None

    return checked


def own_reader[**P, R](read: Callable[Concatenate[Path, P], R]) -> Callable[Concatenate[Path, P], R]:
    """Do as :func:`reader` for a file of the user's."""
    return reader(read, "save it again")


@reader
def read_idx(path: Path) -> np.ndarray:
    """Read the unsigned bytes of an idx file, gzipped or not: shape as its header says."""
    data = content(path)
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
    data = np.frombuffer(content(path), np.uint8)
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
    arrays = read_arrays(content(path), ("X", "y"))
    images, labels = arrays["X"], arrays["y"].ravel()
    if (
        images.dtype != np.uint8
        or images.ndim != 4
        or images.shape[:3] != (32, 32, 3)
        or len(labels) != images.shape[3]
    ):
        raise ValueError(f"X is {images.dtype} of shape {images.shape}, and y of length {len(labels)}")
    if not np.isin(labels, range(11)).all():
        raise ValueError("y holds other labels than digits")
    return np.ascontiguousarray(images.transpose(3, 2, 0, 1)), (labels % 10).astype(np.uint8)


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
    import pandas as pd

    data = content(path)
    columns = data.partition(b"\n")[0].count(b",") + 1
    if columns > MOST_COLUMNS:
        raise ValueError(f"it has {columns} columns")
    frame = pd.read_csv(
        io.BytesIO(data), header=0 if header else None, usecols=range(int(dated), columns), dtype=np.float64
    )
    return _finite(frame.to_numpy())


@reader
def read_hdf(path: Path) -> np.ndarray:
    """Read the one frame of numbers in an HDF5 file that pandas wrote: float64 of shape (steps, columns)."""
    import h5py

    check_hdf(path)
    with h5py.File(path) as file:
        frames = [group["block0_values"] for group in file.values() if isinstance(group, h5py.Group)]
        if len(frames) != 1 or frames[0].dtype.kind not in "iuf":
            raise ValueError("it does not hold one frame of numbers")
        check_claim(8 * frames[0].size, path.stat().st_size)
        return _finite(frames[0][()].astype(np.float64))


@reader
def read_npz(path: Path) -> np.ndarray:
    """Read the array ``data`` of an .npz file: float64 of shape (steps, columns).

    Of an array of shape (steps, columns, quantities) the first quantity is read.
    """
    with zipfile.ZipFile(path) as archive:
        table = _member(archive, "data", path.stat().st_size, "iuf")
    return _finite((table[..., 0] if table.ndim == 3 else table).astype(np.float64))


@own_reader
def read_named_arrays(path: Path, names: Sequence[str]) -> dict[str, np.ndarray]:
    """Read those of some arrays that an .npz file has: numbers, truth values or strings."""
    with zipfile.ZipFile(path) as archive:
        there = [name for name in names if f"{name}.npy" in archive.namelist()]
        return {name: _member(archive, name, path.stat().st_size, "biufU") for name in there}


@own_reader
def read_mapped_array(path: Path) -> np.ndarray:
    """Open an .npy file of numbers, which stays on disk."""
    return np.lib.format.open_memmap(path, mode="r")


@own_reader
def read_table(path: Path) -> pd.DataFrame:
    """Read a table of comma-separated values whose first line names the columns, gzipped or not."""
    import pandas as pd

    data = content(path)
    columns = data.partition(b"\n")[0].count(b",") + 1
    if columns > MOST_COLUMNS:
        raise ValueError(f"it has {columns} columns")
    return pd.read_csv(io.BytesIO(data), encoding="utf-8-sig", low_memory=False)


@reader
def read_lines(path: Path) -> list[str]:
    """Read the lines of a text in Latin-1; only a line feed ends one."""
    lines = content(path).decode("latin-1").split("\n")
    if lines.pop():
        raise ValueError("its last line has no end")
    return lines


@reader
def read_text(path: Path) -> str:
    """Read a text in UTF-8, with line feeds as line ends."""
    return _text(content(path))


def read_own_text(path: Path) -> str:
    """Read a text of the user's, as :func:`read_text` does.

    Raises
    ------
    DataError
        It is in another encoding, or cannot be read.
    """
    try:
        return _text(content(path))
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path}: this text is not in UTF-8, first at byte {error.start} ({error.object[error.start]:#04x}); save "
            "it as UTF-8."
        ) from None
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: this text cannot be read ({reason(error)}); choose another.") from None


@reader
def read_vectors(path: Path) -> tuple[list[str], np.ndarray]:
    """Read word vectors in GloVe's form, one word a line, gzipped or not.

    Returns
    -------
    list of str, array
        Words, and their vectors in float32 of shape (words, dimensions).
    """
    words, vectors = [], []
    for line in io.TextIOWrapper(io.BytesIO(content(path)), encoding="utf-8", newline="\n"):
        word, _, values = line.partition(" ")
        words.append(word)
        vectors.append(np.array(values.split(" "), np.float32))
    if not vectors or not line.endswith("\n"):
        raise ValueError("its last line has no end")
    return words, _finite(np.array(vectors))


def _text(data: bytes) -> str:
    return io.IncrementalNewlineDecoder(None, translate=True).decode(data.decode("utf-8-sig"), final=True)


def _member(archive: zipfile.ZipFile, name: str, stored: int, kinds: str) -> np.ndarray:
    """Read one array of an .npz file of so many bytes, of one of some kinds of numbers."""
    with archive.open(f"{name}.npy") as member:
        shape, fortran, dtype = _npy_header(member)
        if dtype.kind not in kinds:
            raise ValueError(f"it holds {dtype}, and nothing is unpickled (allow_pickle=False)")
        size = math.prod(shape) * dtype.itemsize
        check_claim(max(8 * math.prod(shape), size), stored)
        data = member.read(size)
        if len(data) != size:
            raise ValueError(f"it holds {len(data)} of {size} bytes")
    return np.frombuffer(data, dtype).reshape(shape, order="F" if fortran else "C")


def _npy_header(member: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype]:
    """Read shape, order and type of an array in NumPy's format; nothing is allocated for it."""
    version = np.lib.format.read_magic(member)
    read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}[version]
    return read(member)


def _finite(table: np.ndarray) -> np.ndarray:
    if table.ndim != 2 or not table.size or not np.isfinite(table).all():
        raise ValueError("it is no table of finite numbers")
    return table
