"""One look for all figures."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib import colormaps, style
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize, to_hex
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator

from dendrosim.annotations import checked
from dendrosim.cells import Observable
from dendrosim.checks import shown, whole
from dendrosim.errors import DataError

STYLE_SHEET = Path(__file__).with_name("dendrosim.mplstyle")

MOST_PANELS = 64
WIDEST = 100.0  # inches

COLOUR_MAP = "RdBu_r"  # of what has a sign: rest is white
RULE_COLOURS = {
    "backpropagation": "#000000",
    "mirror": "#D55E00",
    "kolen-pollack": "#0072B2",
    "fixed": "#009E73",
    "paper": "#CC79A7",
    "predictive-coding": "#E69F00",
    "feedback-alignment": "#56B4E9",
    "direct-feedback-alignment": "#1F4E79",
    "local-losses": "#6A3D9A",
    "equilibrium-propagation": "#8C6D1F",
    "target-propagation": "#A6192E",
    "perturbation": "#7CB342",
    "hebbian": "#F781BF",
    "forward-forward": "#17A2B8",
    "r-stdp": "#7F7F7F",
    "released": "#8C564B",
}
"""The colour of a rule, or of a feedback rule of DLL, in every figure."""
DASHES = ("-", "--", ":", "-.")

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


def looks(names: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return colour and line style by name: a rule has the same in every figure, and no colour is there twice."""
    names = list(dict.fromkeys(names))
    rules = list(RULE_COLOURS)
    keys = [name.lower().removeprefix("dll ") for name in names]
    taken = {RULE_COLOURS.get(key) for key in keys}
    free = [colour for colour in map(to_hex, cycle_colours()) if colour.upper() not in taken]
    others = [name for name, key in zip(names, keys, strict=True) if key not in RULE_COLOURS]
    if len(others) > len(free):
        free = [to_hex(colour) for colour in colormaps["turbo"](np.linspace(0.03, 0.97, len(others)))]
    found = {}
    for name, key in zip(names, keys, strict=True):
        place = rules.index(key) if key in RULE_COLOURS else others.index(name)
        colour = RULE_COLOURS[key] if key in RULE_COLOURS else free[place]
        dashes = DASHES[place % len(DASHES)]
        # Through a broken line a solid one can be seen that it coincides with.
        found[name] = {"color": colour, "ls": dashes, "zorder": 1.9 if dashes == "-" else 2}
    return found


def plain_logarithmic(axis: Any) -> None:
    """Label a logarithmic axis with plain numbers, also where it spans less than a decade."""
    low, high = axis.get_view_interval()
    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0) if high < 100 * low else (1.0,)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(FuncFormatter(lambda value, _: ""))


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
