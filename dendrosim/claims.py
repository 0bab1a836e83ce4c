"""What a file claims to hold, looked at before memory is given to it.

A header of some bytes can name terabytes, and a compressed stream can unfold to a thousand times its length. Nothing of
ours does: a claim is believed up to a quarter of a gigabyte, and beyond that as far as the file itself is long.
"""

from __future__ import annotations

import gzip
import os
from pathlib import Path

BELIEVED = 2**28
"""Bytes that any file may claim."""
EXPANSION = 100
"""How often a larger claim may exceed what is stored."""


def memory_free() -> int:
    """Return the bytes of memory that are free on this machine; where that is not told, all that it has."""
    told = Path("/proc/meminfo")
    if told.exists():
        lines = dict(line.split(":") for line in told.read_text().splitlines())
        return int(lines["MemAvailable"].split()[0]) * 1024
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def check_claim(claimed: int, stored: int, into_memory: bool = True) -> None:
    """Refuse a claim that the stored bytes do not bear out, or that does not fit in memory.

    Raises
    ------
    ValueError
        The sentence of the reader says for which file.
    """
    if claimed > max(BELIEVED, EXPANSION * stored):
        raise ValueError(f"it claims to hold {claimed / 1e9:.3g} GB in {stored / 1e6:.3g} MB")
    if into_memory and claimed > BELIEVED and claimed > memory_free():
        raise ValueError(f"it holds {claimed / 1e9:.3g} GB, more than the memory that is free")


def content(path: Path) -> bytes:
    """Return the bytes of a file, unpacked where its name ends in .gz.

    Raises
    ------
    ValueError
        It unfolds to more than it can be believed to hold.
    """
    stored = path.stat().st_size
    check_claim(stored, stored)
    if path.suffix != ".gz":
        return path.read_bytes()
    most = max(BELIEVED, EXPANSION * stored)
    with gzip.open(path) as file:
        data = file.read(most + 1)
    check_claim(len(data), stored)
    return data
