"""The points of a neuron, as arrays: what a reader of a format and a generator both make."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

SOMA, AXON, BASAL, APICAL, OTHER = 1, 2, 3, 4, 0
"""Types of points, as SWC numbers them; what SWC leaves undefined is other."""
TYPES = {"soma": SOMA, "axon": AXON, "basal": BASAL, "apical": APICAL, "other": OTHER}
"""Of each name its number."""


class Points(NamedTuple):
    """Points of which the first is the soma, a sphere, and every other comes after the one it hangs on.

    Attributes
    ----------
    number : ndarray, shape (points,)
        By which a user names a point: that of its row in the file.
    type : ndarray, shape (points,)
        Out of ``TYPES``.
    position : ndarray, shape (points, 3)
        x, y and z, µm.
    radius : ndarray, shape (points,)
        In µm.
    parent : ndarray, shape (points,)
        Index of the point it hangs on; −1 for the soma.
    """

    number: np.ndarray
    type: np.ndarray
    position: np.ndarray
    radius: np.ndarray
    parent: np.ndarray
