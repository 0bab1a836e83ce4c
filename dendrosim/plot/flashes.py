"""Spikes of a drawn network: what flashes around a soma for the picture in which it sent some."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from matplotlib.lines import Line2D

from dendrosim import spikes
from dendrosim.plot.style import FEEDBACK
from dendrosim.recording.spikes import of_what_is_left, spike_frame, spiking_layers

# A ring, and a star with eight points, which can be told apart without their colours.
SIGNS = {False: ("spikes", "o", "0.1", 110.0), True: ("bursts", (8, 1, 0), FEEDBACK, 190.0)}
_WIDTH, _WIDEST = 0.6, 2.4  # of a ring: for each spike, and at most


class Flashes:
    """The spikes of one layer of a drawing; a wider line for several of an ensemble.

    Parameters
    ----------
    ax : matplotlib Axes
        Of the drawing.
    cells : xarray.Dataset
        The drawn cells, of one presentation.
    layer : str
        Their layer.
    places : array of shape (cell, 2)
        Where their somata are.
    """

    def __init__(self, ax: Any, cells: xr.Dataset, layer: str, places: np.ndarray):
        frame = spike_frame(of_what_is_left(cells), layer)
        self._counts = {flag: spikes.at_samples(frame[frame["burst"] == flag], cells)[0] for flag in SIGNS}
        self._artists = {
            flag: ax.scatter(*places.T, s=size, marker=marker, facecolors="none", edgecolors=colour, zorder=6)
            for flag, (_, marker, colour, size) in SIGNS.items()
        }

    def at(self, sample: int) -> list[Any]:
        """Show what was sent nearest to a sample, and return what changed."""
        for flag, artist in self._artists.items():
            artist.set_linewidths(np.minimum(_WIDTH * self._counts[flag][sample], _WIDEST))
        return list(self._artists.values())


def flashes(ax: Any, layers: dict[str, xr.Dataset], places: dict[str, np.ndarray]) -> dict[str, Flashes]:
    """Return the spikes of the layers of a drawing that sent some, and draw what the signs mean.

    Parameters
    ----------
    ax : matplotlib Axes
        Of the drawing.
    layers : dict of str to xarray.Dataset
        The drawn cells of each layer, of one presentation.
    places : dict of str to array
        Where their somata are.
    """
    sent = {layer for cells in layers.values() for layer in spiking_layers(cells)}
    if not sent:
        return {}
    signs = [
        Line2D(
            [],
            [],
            linestyle="none",
            marker=marker,
            markersize=7,
            markerfacecolor="none",
            markeredgecolor=colour,
            label=label,
        )
        for label, marker, colour, _ in SIGNS.values()
    ]
    ax.legend(handles=signs, loc="lower right")
    return {layer: Flashes(ax, cells, layer, places[layer]) for layer, cells in layers.items() if layer in sent}
