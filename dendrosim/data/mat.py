"""Arrays of numbers in MATLAB's format of version 5 (MAT-File Format, The MathWorks), which SVHN comes in.

SciPy's reader ends the whole process on some damaged files, so this one looks at every length before it follows it.
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Iterator

import numpy as np

from dendrosim.claims import check_claim

HEADER = 128  # bytes before the first element
MATRIX, COMPRESSED = 14, 15
COMPLEX = 0x08
TYPES = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
# Of an array, which may be stored in a smaller type.
CLASSES = {6: "f8", 7: "f4", 8: "i1", 9: "u1", 10: "i2", 11: "u2", 12: "i4", 13: "u4", 14: "i8", 15: "u8"}
ORDERS = {b"IM": "<", b"MI": ">"}

Element = tuple[int, memoryview]


def read_arrays(data: bytes, names: tuple[str, ...]) -> dict[str, np.ndarray]:
    """Return the real arrays with these names.

    Raises
    ------
    ValueError
        A header or a length is wrong, or an array is complex or holds no numbers.
    KeyError
        There is no array of one of the names.
    """
    order = ORDERS.get(data[126:128], "")
    if not order or struct.unpack(f"{order}H", data[124:126]) != (0x0100,):
        raise ValueError("it does not begin like a .mat file of version 5")
    found = {}
    for kind, content in _elements(memoryview(data)[HEADER:], order):
        matrix = _unpacked(content, order, len(data)) if kind == COMPRESSED else (kind, content)
        if matrix[0] == MATRIX:
            name, parts = _named(matrix[1], order)
            if name in names:
                found[name] = _array(parts, order)
    return {name: found[name] for name in names}


def _elements(data: memoryview, order: str) -> Iterator[Element]:
    """Give type and content of the elements that lie one after the other; each ends where it says."""
    place = 0
    while len(data) - place >= 8:
        kind, size = struct.unpack_from(f"{order}2I", data, place)
        start = place + 8
        if kind >> 16:  # a small element: its size stands in the upper half of its type
            kind, size, start = kind & 0xFFFF, kind >> 16, place + 4
        if size > len(data) - start or (start == place + 4 and size > 4):
            raise ValueError(f"an element claims {size} of {len(data) - start} bytes")
        yield kind, data[start : start + size]
        end = max(start + size, place + 8)
        place = end if kind == COMPRESSED else -(-end // 8) * 8


def _unpacked(content: memoryview, order: str, stored: int) -> Element:
    """Return the one element in a compressed one."""
    stream = zlib.decompressobj()
    head = stream.decompress(content, 8)
    kind, size = struct.unpack(f"{order}2I", head)
    check_claim(size, stored)
    data = stream.decompress(stream.unconsumed_tail, max(size, 1))
    if len(data) != size:
        raise ValueError(f"a compressed element holds {len(data)} of {size} bytes")
    return kind, memoryview(data)


def _named(content: memoryview, order: str) -> tuple[str, list[Element]]:
    """Return the name of a matrix, and its parts: flags, dimensions, name, numbers."""
    parts = list(_elements(content, order))
    if len(parts) < 3:
        raise ValueError("a matrix lacks its name")
    return bytes(parts[2][1]).decode("latin-1"), parts


def _array(parts: list[Element], order: str) -> np.ndarray:
    """Return the numbers of a matrix in its class and shape."""
    (flags,), shape = struct.unpack_from(f"{order}I", parts[0][1]), np.frombuffer(parts[1][1], f"{order}i4").tolist()
    if len(parts) != 4 or flags >> 8 & COMPLEX or flags & 0xFF not in CLASSES:
        raise ValueError("an array is complex, or holds no numbers")
    kind, content = parts[3]
    values = np.frombuffer(content, f"{order}{TYPES[kind]}")
    if min(shape, default=0) < 0 or values.size != math.prod(shape):
        raise ValueError(f"an array holds {values.size} numbers and says {shape}")
    return values.astype(CLASSES[flags & 0xFF], copy=False).reshape(shape, order="F")
