"""Reading and writing SWC, the format of NeuroMorpho.org: rows of number, type, x, y, z, radius (µm) and parent."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from dendrosim.checks import reason, shown
from dendrosim.claims import content
from dendrosim.errors import DataError
from dendrosim.morphology.points import OTHER, SOMA, TYPES, Points
from dendrosim.morphology.soma import sphere

LARGEST = 1e6  # µm of a coordinate or a radius
THINNEST = 1e-3  # µm of a radius; a membrane is thicker, so that less is no measurement
MOST = 1_000_000  # rows
REACH = 50.0  # µm between the surface of the soma and a tree that is taken to begin there


class Row(NamedTuple):
    """A row of a file, and the line it stands on."""

    line: int
    number: int
    type: int
    position: tuple[float, float, float]
    radius: float
    parent: int


def read_points(path: Path) -> Points:
    """Read a file; what is done with each peculiarity stands in :meth:`~dendrosim.morphology.Morphology.read`."""
    rows = _rows(path)
    order = _from_the_roots(path, rows)
    somata = [number for number, row in rows.items() if row.type == SOMA]
    if len(somata) == 1 and rows[somata[0]].parent >= 0:
        rows = _rooted_at(somata[0], rows)
        order = _from_the_roots(path, rows)
    types = _types(rows, order)
    somata = [number for number in order if types[number] == SOMA]
    _check_soma(path, rows, types, somata)
    soma = [(rows[each].position, rows[each].radius, rows[each].parent) for each in somata]
    centre, radius = sphere(path, soma, somata)
    rest = [number for number in order if types[number] != SOMA]
    index = dict.fromkeys(somata, 0) | {number: place for place, number in enumerate(rest, 1)}
    for number in rest:
        if rows[number].parent < 0:
            _check_reach(path, rows[number], centre, radius)
    radii = _radii(path, rows, types, rest)
    return Points(
        np.array([somata[0], *rest]),
        np.array([SOMA, *(types[each] for each in rest)]),
        np.array([centre, *(rows[each].position for each in rest)], dtype=float),
        np.array([radius, *(radii[each] for each in rest)]),
        np.array([-1, *(index.get(rows[each].parent, 0) for each in rest)]),
    )


def text_of(points: Points) -> str:
    """Return points as SWC, with as many digits as their numbers have."""
    lines = ["# number type x y z radius parent (um); types: 1 soma, 2 axon, 3 basal, 4 apical dendrite, 0 other"]
    for number, kind, position, radius, parent in zip(*points, strict=True):
        place = " ".join(repr(float(each)) for each in position)
        above = -1 if parent < 0 else points.number[parent]
        lines.append(f"{number} {kind} {place} {float(radius)!r} {above}")
    return "\n".join(lines) + "\n"


def _rows(path: Path) -> dict[int, Row]:
    """Return the rows of a file by their numbers."""
    try:
        lines = content(path).removeprefix(b"\xef\xbb\xbf").splitlines()
    except (OSError, ValueError, EOFError) as error:
        raise DataError(f"{path}: this file cannot be read ({reason(error)}); give a file in SWC.") from None
    rows: dict[int, Row] = {}
    for line, raw in enumerate(lines, 1):
        fields = raw.decode("utf-8", "replace").partition("#")[0].split()
        if not fields:
            continue
        row = _row(f"{path}, line {line}", line, fields)
        if row.number in rows:
            first = rows[row.number].line
            raise DataError(f"{path}, line {line}: the number {row.number} stands on line {first}, too; give another.")
        rows[row.number] = row
        if len(rows) > MOST:
            raise DataError(f"{path}: these are more than {MOST} rows; give one neuron a file.")
    if not rows:
        raise DataError(f"{path}: there is no row in it; give a file in SWC.")
    return rows


def _row(where: str, line: int, fields: Sequence[str]) -> Row:
    if len(fields) < 7:
        raise DataError(
            f"{where}: a row of SWC has seven columns, and this one {len(fields)}; write number, type, x, y, z, radius "
            "and parent."
        )
    try:
        number, kind, x, y, z, radius, parent = map(float, fields[:7])
    except ValueError:
        raise DataError(f"{where}: {shown(' '.join(fields[:7]))} are not seven numbers; correct that row.") from None
    if not all(abs(each) <= LARGEST for each in (x, y, z, radius)):  # False of NaN, too
        raise DataError(
            f"{where}: a coordinate or the radius is not finite, or above {LARGEST:g} µm; correct that row."
        )
    if radius < 0:
        raise DataError(f"{where}: the radius is {radius:g} µm; give a positive one.")
    if not all(abs(each) < 2**53 and each.is_integer() for each in (number, kind, parent)) or min(number, kind) < 0:
        raise DataError(
            f"{where}: number, type and parent are {' '.join((fields[0], fields[1], fields[6]))[:60]}; give whole "
            "numbers, of which only the parent may be negative."
        )
    return Row(line, int(number), int(kind), (x, y, z), radius, int(parent))


def _from_the_roots(path: Path, rows: Mapping[int, Row]) -> list[int]:
    """Return the numbers of all rows as they stand in the file, but each after its parent."""
    placed: dict[int, None] = {}
    for number in rows:
        ancestors: dict[int, None] = {}
        while number not in placed:
            if number in ancestors:
                line = rows[number].line
                raise DataError(f"{path}, line {line}: this point is its own ancestor; give the root the parent -1.")
            ancestors[number] = None
            row = rows[number]
            if row.parent < 0:
                break
            if row.parent not in rows:
                raise DataError(f"{path}, line {row.line}: there is no row {row.parent}, its parent; give one, or -1.")
            number = row.parent
        placed.update(dict.fromkeys(reversed(ancestors)))
    return list(placed)


def _rooted_at(soma: int, rows: Mapping[int, Row]) -> dict[int, Row]:
    """Return the same tree seen from its soma: on the way to the former root parents become children."""
    found, above, number = dict(rows), -1, soma
    while number >= 0:
        found[number] = rows[number]._replace(parent=above)
        above, number = number, rows[number].parent
    return found


def _types(rows: Mapping[int, Row], order: Sequence[int]) -> dict[int, int]:
    types: dict[int, int] = {}
    for number in order:
        row = rows[number]
        above = types.get(row.parent, OTHER)
        undefined = OTHER if above == SOMA else above
        types[number] = row.type if row.type in TYPES.values() and row.type != OTHER else undefined
    return types


def _check_soma(path: Path, rows: Mapping[int, Row], types: Mapping[int, int], somata: Sequence[int]) -> None:
    if not somata:
        raise DataError(
            f"{path}: no point is of type 1, so that it has no soma; add one, or give its points that type."
        )
    roots = [number for number in somata if rows[number].parent < 0]
    for number in somata:
        if rows[number].parent >= 0 and types[rows[number].parent] != SOMA:
            raise DataError(
                f"{path}, line {rows[number].line}: this soma hangs on a neurite; let the soma be the root."
            )
    if len(roots) > 1:
        raise DataError(f"{path}, line {rows[roots[1]].line}: this is a second soma; give one neuron a file.")


def _check_reach(path: Path, row: Row, centre: Sequence[float], radius: float) -> None:
    far = math.dist(row.position, centre) - radius
    if far > REACH:
        raise DataError(
            f"{path}, line {row.line}: this tree begins {far:.0f} µm away from the soma; give its root the parent that "
            "it hangs on, or leave it out."
        )


def _radii(path: Path, rows: Mapping[int, Row], types: Mapping[int, int], rest: Sequence[int]) -> dict[int, float]:
    radii: dict[int, float] = {}
    for number in rest:
        row = rows[number]
        radius = row.radius if row.radius >= THINNEST else radii.get(row.parent, 0.0)
        if row.radius < THINNEST and types.get(row.parent) != types[number]:
            raise DataError(
                f"{path}, line {row.line}: a branch begins with a radius of {row.radius:g} µm; give the true one."
            )
        radii[number] = radius
    return radii
