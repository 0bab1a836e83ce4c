"""The soma: one sphere for what a file has of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from dendrosim.errors import DataError

Point = tuple[tuple[float, float, float], float, int]
THIN = 0.25  # of the distance to the centre: points of an outline are thinner
FEWEST = 4  # points of an outline


def sphere(path: Path, points: Sequence[Point], numbers: Sequence[int]) -> tuple[tuple[float, float, float], float]:
    """Return centre and radius, µm, of a sphere in place of all points of a soma.

    A single point is a sphere. Several are truncated cones from each to its parent, of which the sphere has the lateral
    area; for the three points of NeuroMorpho.org that is the radius of its first. At least four thin ones are an
    outline, whose mean distance to its centre is the radius.

    Parameters
    ----------
    path : Path
        The file, for the sentence of the error.
    points : sequence of (position, radius, parent)
        In µm; the parent by its number.
    numbers : sequence of int
        Of the points.
    """
    positions, radii = np.array([point[0] for point in points]), np.array([point[1] for point in points])
    centre = positions.mean(axis=0)
    outwards = float(np.linalg.norm(positions - centre, axis=1).mean())
    if len(points) == 1:
        radius = float(radii[0])
    elif len(points) >= FEWEST and radii.max() <= THIN * outwards:
        radius = outwards
    else:
        place = {number: index for index, number in enumerate(numbers)}
        above = np.array([place.get(point[2], index) for index, point in enumerate(points)])
        radius = math.sqrt(cone_area(np.linalg.norm(positions - positions[above], axis=1), radii, radii[above]).sum())
        radius /= math.sqrt(4 * math.pi)
    if radius <= 0:
        raise DataError(f"{path}: the soma has no size; give its point a radius.")
    return (float(centre[0]), float(centre[1]), float(centre[2])), radius


def cone_area(length: np.ndarray, first: np.ndarray, last: np.ndarray) -> np.ndarray:
    """Return the lateral areas, µm², of truncated cones of these lengths and radii, µm; none without length."""
    return np.where(length > 0, np.pi * (first + last) * np.hypot(length, first - last), 0.0)
