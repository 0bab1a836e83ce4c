"""How a tree looks: its parts, its unbranched stretches, and the plane it is seen in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dendrosim.morphology.points import APICAL, TYPES

if TYPE_CHECKING:
    from dendrosim.morphology.morphology import Morphology


def parts(morphology: Morphology) -> np.ndarray:
    """Return the part of the neuron that each point is of, of shape (points,): its type, or a part of the apical tree.

    The ``trunk`` of the apical dendrite goes up from where this begins, at each fork along the branch that has more
    than two thirds of the tips beyond, and ends where none has. Beyond its end (and where there is no trunk) is the
    ``tuft``, and ``oblique`` is what leaves it before.
    """
    names = {number: name for name, number in TYPES.items()}
    found = np.array([names[int(kind)] for kind in morphology.points.type], dtype="<U8")
    apical, parent = morphology.points.type == APICAL, morphology.parent
    beyond = (apical & (np.bincount(parent[1:], minlength=len(parent)) == 0)).astype(int)
    tips = int(beyond.sum())
    for point in range(len(parent) - 1, 0, -1):  # parents come first
        beyond[parent[point]] += beyond[point]
    end = None
    for point in map(int, np.flatnonzero(apical)):
        on = int(parent[point])
        begins = not apical[on]
        if (begins or on == end) and 3 * beyond[point] > 2 * (tips if begins else beyond[on]):
            found[point], end = "trunk", point
    for point in map(int, np.flatnonzero(apical & (found != "trunk"))):
        on = int(parent[point])
        if found[on] in ("tuft", "oblique"):
            found[point] = found[on]
        else:
            found[point] = "tuft" if end in (None, on) else "oblique"
    return found


def stretches(morphology: Morphology) -> list[np.ndarray]:
    """Return the unbranched stretches of one part, each as indices of points, the one that it hangs on first."""
    parent, part = morphology.parent, parts(morphology)
    children = np.bincount(parent[1:], minlength=len(parent))
    goes_on = (parent > 0) & (children[parent] == 1) & (part == part[parent])
    found: dict[int, list[int]] = {}
    of = np.arange(len(parent))  # the point at which the stretch of each begins
    for point in range(1, len(parent)):
        of[point] = of[parent[point]] if goes_on[point] else point
        found.setdefault(int(of[point]), [int(parent[point])]).append(point)
    return [np.array(points) for points in found.values()]


def flat(morphology: Morphology) -> np.ndarray:
    """Return the points, µm of shape (points, 2), seen in the plane of the apical dendrite's heading and the widest.

    The soma is at the origin and the apical dendrite points upwards; without one, up is where the tree is longest.
    """
    away = morphology.points.position - morphology.points.position[0]
    apical = morphology.points.type == APICAL
    up = away[apical].mean(axis=0) if apical.any() else _widest(away)
    length = float(np.linalg.norm(up))
    up = up / length if length > 0 else np.array([0.0, 1.0, 0.0])
    aside = _widest(away - np.outer(away @ up, up))
    return np.column_stack([away @ aside, away @ up])


def _widest(away: np.ndarray) -> np.ndarray:
    """Return the direction in which points spread most."""
    return np.linalg.svd(away - away.mean(axis=0), full_matrices=False)[2][0]
