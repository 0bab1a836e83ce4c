"""One engine against the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from dendrosim.errors import DataError
from dendrosim.plot.style import axes_or_new, cycle_colours, plain_logarithmic, styled

_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")


@styled
def agreement(pairs: Mapping[str, tuple[np.ndarray, np.ndarray]], quantity: str, ax: Any = None) -> Any:
    """Draw the absolute values of a quantity in the circuit against those in the equilibrium engine, both logarithmic.

    Parameters
    ----------
    pairs : mapping of str to (array, array)
        By the name of a layer, values of the circuit and of the equilibrium engine.
    quantity : str
        What it is, for the labels.
    ax : matplotlib Axes, optional
        Where to draw.
    """
    ax = axes_or_new(ax, 3.2, 3.0)
    colours = cycle_colours()
    shown = []
    for number, (name, (relaxed, computed)) in enumerate(pairs.items()):
        if relaxed.shape != computed.shape:
            raise DataError(f"'{name}' has shapes {relaxed.shape} and {computed.shape}; give pairs of the same shape.")
        relaxed, computed = relaxed.ravel(), computed.ravel()
        there = np.flatnonzero(np.isfinite(relaxed) & np.isfinite(computed) & (relaxed != 0) & (computed != 0))[:2000]
        found, wanted = np.abs(relaxed[there]), np.abs(computed[there])
        marker, colour = _MARKERS[number % len(_MARKERS)], colours[number % len(colours)]
        ax.loglog(wanted, found, marker, color=colour, markersize=2.6, markeredgewidth=0, label=name, rasterized=True)
        shown.append(wanted)
    everything = np.concatenate([np.empty(0), *shown])
    if not everything.size:
        raise DataError("there is no value that is finite and not zero in both engines; nothing can be drawn.")
    low, high = np.quantile(everything, 0.001), everything.max()
    ax.plot([low, high], [low, high], color="0.75", lw=0.7, zorder=0)
    ax.set_xlim(low / 2, 2 * high)
    ax.set_ylim(low / 2, 2 * high)
    for axis in (ax.xaxis, ax.yaxis):
        plain_logarithmic(axis)
    ax.set_xlabel(f"|{quantity}|, equilibrium engine (torch)")
    ax.set_ylabel(f"|{quantity}|, circuit (Brian2)")
    ax.legend(loc="lower right", markerscale=1.6)
    return ax


@styled
def residuals(pairs: Mapping[str, tuple[np.ndarray, np.ndarray]], quantity: str, ax: Any = None) -> Any:
    """Draw by how much the circuit and the equilibrium engine differ, a line of dots for each layer.

    Each dot is the absolute difference as a share of the largest value of its layer; equal values are left out.

    Parameters
    ----------
    pairs : mapping of str to (array, array)
        As :func:`agreement` takes them.
    quantity : str
        What it is, for the labels.
    ax : matplotlib Axes, optional
        Where to draw.
    """
    ax = axes_or_new(ax, 3.2, 2.0)
    colours, places = cycle_colours(), range(len(pairs), 0, -1)
    for number, (place, (relaxed, computed)) in enumerate(zip(places, pairs.values(), strict=True)):
        difference = np.abs(relaxed.ravel() - computed.ravel()) / np.abs(computed).max()
        apart = difference[difference > 0][:2000]
        # Spread over the height of the row, evenly, so that dots do not hide each other.
        heights = place - 0.3 + 0.6 * (np.arange(len(apart)) * 0.618034 % 1)
        look = {"color": colours[number % len(colours)], "markersize": 2.0, "markeredgewidth": 0, "rasterized": True}
        ax.semilogx(apart, heights, _MARKERS[number % len(_MARKERS)], **look)
    ax.set_yticks(list(places), list(pairs))
    ax.set_ylim(0.4, len(pairs) + 0.6)
    plain_logarithmic(ax.xaxis)
    ax.set_xlabel(f"difference of the {quantity} / its largest in the layer")
    return ax
