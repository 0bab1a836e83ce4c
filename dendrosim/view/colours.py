"""Colour maps as pages hold them."""

from __future__ import annotations

import numpy as np
from matplotlib import colormaps
from matplotlib.colors import to_hex

STEPS = 33


def colours(name: str) -> list[str]:
    """Return a colour map of matplotlib as colours from its low end to its high one, such as ``#0072b2``."""
    return [to_hex(colour) for colour in colormaps[name](np.linspace(0, 1, STEPS))]
