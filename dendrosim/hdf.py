"""What an HDF5 file claims to hold, added up from its headers before anything of it is read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dendrosim.claims import check_claim

if TYPE_CHECKING:
    import h5py

# A string of variable length is stored as its length, the place of its heap, and its number there.
REFERENCE = np.dtype([("length", "<u4"), ("heap", "<u8"), ("number", "<u4")])


def check_hdf(path: Path, into_memory: bool = True) -> None:
    """Refuse an HDF5 file whose arrays and strings together claim more than it can hold.

    Parameters
    ----------
    path : Path
        The file.
    into_memory : bool
        Whether all of it will be read.

    Raises
    ------
    ValueError
        They do.
    """
    import h5py

    claimed = 0
    with h5py.File(path) as file, path.open("rb") as raw:

        def add(name: str, item: Any) -> None:
            nonlocal claimed
            if isinstance(item, h5py.Dataset):
                claimed += item.dtype.itemsize * (item.size or 0) + _strings(item, raw)

        file.visititems(add)
    check_claim(claimed, path.stat().st_size, into_memory)


def _strings(dataset: h5py.Dataset, raw: Any) -> int:
    """Return the bytes that the strings of a dataset claim; HDF5 gives them memory before it looks for them."""
    import h5py

    kind, place = h5py.check_string_dtype(dataset.dtype), dataset.id.get_offset()
    if kind is None or kind.length is not None or place is None:
        return 0
    raw.seek(place)
    stored = raw.read(REFERENCE.itemsize * dataset.size)
    whole = stored[: len(stored) // REFERENCE.itemsize * REFERENCE.itemsize]
    return int(np.frombuffer(whole, REFERENCE)["length"].sum(dtype=np.int64))
