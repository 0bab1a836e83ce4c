"""Whole layers over time: the heat map of the local error, and soma against apical dendrite."""

from __future__ import annotations

from typing import Any

import numpy as np

from dendrosim.errors import DataError
from dendrosim.plot.style import COLOUR_MAP, FEEDBACK, axes_or_new, styled
from dendrosim.plot.traces import SHOWN_TIME_CONSTANTS
from dendrosim.recording import Recording
from dendrosim.recording.appearance import coloured, observable, slowest
from dendrosim.recording.samples import DIMENSIONS


@styled
def error_map(recording: Recording, presentation: int = 0, variable: str = "error", ax: Any = None) -> Any:
    """Draw a variable of all recorded neurons over time, one line a neuron, layer above layer as in the network.

    Each layer has a colour scale of its own, symmetric about rest, because errors shrink on their way down; its limit
    stands beside it.

    Parameters
    ----------
    recording : Recording
        Of some or all layers.
    presentation : int
        Which presentation.
    variable : str
        What is drawn.
    ax : matplotlib Axes, optional
        Where to draw.
    """
    ax = axes_or_new(ax, 4.2, 3.2)
    recording.need("layers", "layer", "time")
    recorded = recording.dataset.data_vars.get(variable)
    if recorded is None or recorded.dims != DIMENSIONS or not recorded.size:
        raise DataError(f"'{variable}' is not recorded over times and neurons; draw another variable.")
    values = recording.presentation(presentation)[variable]
    end = min(float(values["time"][-1]), SHOWN_TIME_CONSTANTS * slowest(recording.dataset.attrs))
    values = values.sel(time=slice(0, end))
    layers = [name for name in str(recording.dataset.attrs["layers"]).split() if name in values["layer"].values]
    heights, places = 1.0 / len(layers), []
    for number, layer in enumerate(layers):
        cells = values.isel(neuron=(values["layer"] == layer).values).values.T
        limit = float(np.nanmax(np.abs(cells), initial=0.0)) or 1.0
        bottom = number * heights
        extent = (0.0, end, bottom + 0.02 * heights, bottom + 0.94 * heights)
        ax.imshow(
            cells, aspect="auto", extent=extent, cmap=COLOUR_MAP, vmin=-limit, vmax=limit, interpolation="nearest"
        )
        ax.text(1.02 * end, bottom + 0.48 * heights, f"{len(cells)} neurons\n±{limit:.2g}", va="center", fontsize=7)
        places.append(bottom + 0.48 * heights)
    ax.set_xlim(0, end)
    ax.set_ylim(0, 1)
    ax.set_yticks(places, layers)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.set_xlabel("time since the target appeared (ms)")
    ax.set_title(str(recording.dataset[variable].attrs["long_name"]))
    return ax


@styled
def phase_portrait(recording: Recording, layer: str, presentation: int = 0, neurons: int = 8, ax: Any = None) -> Any:
    """Draw the error x − u against the potential of the dendrite that hears from above, of the largest errors.

    Without top-down input the soma rests on its basal prediction, at the origin; it ends on the diagonal x = u + a.

    Parameters
    ----------
    recording : Recording
        With the error of the layer and the dendrite that hears from above.
    layer : str
        A recorded hidden layer.
    presentation : int
        Which presentation.
    neurons : int
        How many.
    ax : matplotlib Axes, optional
        Where to draw.
    """
    ax = axes_or_new(ax, 2.8, 2.6)
    recording.need("error")
    hears = [name for each, name in coloured(recording.dataset).items() if each.receives == "above"]
    if not hears:
        raise DataError("this recording holds no dendrite that hears from above; record one.")
    dendrite, look = hears[0], observable(recording.dataset, hears[0])
    cells = Recording(recording.layer(layer)).presentation(presentation)
    largest = np.argsort(-np.abs(cells["error"].isel(time=-1).values))[:neurons]
    # All are of one kind: shades tell them apart, and no colour of a compartment stands for a cell.
    for shade, cell in zip(np.linspace(0.15, 0.6, max(len(largest), 1)), largest, strict=False):
        above, error = (cells[name].isel(neuron=int(cell)).values for name in (dendrite, "error"))
        ax.plot(above, error, color=str(shade), lw=1.1)
        ax.plot(above[-1], error[-1], "o", color=str(shade), markersize=3.5)
    drawn = np.concatenate([cells[name].isel(neuron=largest).values.ravel() for name in (dendrite, "error")])
    if not np.isfinite(drawn).any():
        raise DataError(f"no cell of '{layer}' has both an error and a {look.label}; choose a hidden layer.")
    drawn = drawn[np.isfinite(drawn)]
    low, high = min(0.0, float(drawn.min())), max(0.0, float(drawn.max()))
    low, high = low - 0.08 * (high - low), high + 0.08 * (high - low)
    ax.plot([low, high], [low, high], "--", color=FEEDBACK, lw=0.8, zorder=0, label="x = u + a")
    ax.set_xlim(low, high)
    ax.set_ylim(low, high)
    ax.set_xlabel(f"{look.long_name} ({'dimensionless' if look.unit == '1' else look.unit})")
    ax.set_ylabel("soma less basal, x − u")
    ax.set_title(f"{layer}, {len(largest)} neurons")
    ax.legend(loc="upper left")
    return ax
