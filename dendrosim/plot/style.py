"""One look for all figures."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from dendrosim.annotations import checked
from dendrosim.cells import Observable
from dendrosim.checks import shown, whole
from dendrosim.errors import DataError

STYLE_SHEET = Path(__file__).with_name("dendrosim.mplstyle")

MOST_PANELS = 64
WIDEST = 100.0  # inches

COLOUR_MAP = "RdBu_r"  # of what has a sign: rest is white
MEMBRANE_MAP = "cividis"  # of membrane potentials
FEEDBACK = "#D55E00"  # of what comes down


def styled[**P, R](function: Callable[P, R]) -> Callable[P, R]:
    """Run a plotting function with the project's style sheet, and leave matplotlib's own settings as they were.

    Its arguments are checked by their annotations.
    """
    drawn = checked(function)

    @functools.wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        with mpl.rc_context(), style.context(STYLE_SHEET):
            return drawn(*args, **kwargs)

    return wrapper


def axes_or_new(ax: Any, width: float = 3.4, height: float = 2.4) -> Any:
    """Return `ax`, or the Axes of a new figure of the given size in inches."""
    if ax is not None and not isinstance(ax, Axes):
        raise DataError(f"ax is {shown(ax)}; give Axes of matplotlib, or leave it out.")
    return Figure(figsize=(min(width, WIDEST), min(height, WIDEST))).subplots() if ax is None else ax


def panels(count: int, what: str) -> int:
    """Return a number of panels that a figure can have."""
    return whole(count, what, 1, MOST_PANELS)


def count_ticks(*axes: Any) -> None:
    """Put the ticks of axes that count (epochs, neurons, steps) at round whole numbers."""
    for axis in axes:
        axis.set_major_locator(MaxNLocator(nbins=6, integer=True, steps=[1, 2, 5, 10]))


def cycle_colours() -> list[str]:
    """Return the colours of the style's cycle; names such as ``C0`` would be looked up after the style has gone."""
    return list(mpl.rcParams["axes.prop_cycle"].by_key()["color"])


def potential_scale(look: Observable, values: Sequence[np.ndarray]) -> ScalarMappable:
    """Return a mapping from potential to colour: symmetric about rest, which is zero; a membrane's rest is not."""
    if look.unit == "1":
        return symmetric_scale(*values)
    known = np.concatenate([np.ravel(array)[np.isfinite(np.ravel(array))] for array in values])
    low, high = (float(known.min()), float(known.max())) if known.size else (-0.5, 0.5)
    return ScalarMappable(Normalize(low, high if high > low else low + 1.0), MEMBRANE_MAP)


def symmetric_scale(*values: np.ndarray) -> ScalarMappable:
    """Return a mapping from potential to colour that is symmetric about rest and holds for all of these values."""
    largest = max((float(np.nanmax(np.abs(array))) for array in values if np.isfinite(array).any()), default=0.0)
    return ScalarMappable(Normalize(-(largest or 1.0), largest or 1.0), COLOUR_MAP)
