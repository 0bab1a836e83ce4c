"""Potentials of one cell over time."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from dendrosim.errors import DataError
from dendrosim.model.settling import settling_curve
from dendrosim.plot.style import COLOURS, SYMBOLS, axes_or_new, styled
from dendrosim.recording import Recording

# An error of this many somatic time constants has settled for the eye, also in deep layers.
SHOWN_TIME_CONSTANTS = 10


@styled
def relaxation(
    recording: Recording, layer: str, neuron: int | None = None, presentation: int = 0, ax: Any = None
) -> Any:
    """Draw basal, apical, soma and error of one neuron, with the predicted settling of the error over them.

    The prediction (dashed) is ξ* times :func:`dendrosim.model.settling_curve`; it holds, and is drawn, where the
    recording started from a settled bottom-up sweep and no soma acts back on its dendrites.

    Parameters
    ----------
    recording : Recording
        Of a relaxation with targets.
    layer : str
        A recorded layer.
    neuron : int, optional
        Index in the layer; by default the one whose error becomes largest.
    presentation : int
        Which presentation.
    ax : matplotlib Axes, optional
        Where to draw.
    """
    ax = axes_or_new(ax)
    cell = choose_cell(recording, layer, neuron, presentation)
    time = cell["time"].values
    for variable in ("basal", "soma", "apical", "error"):
        trace = cell[variable].values
        if np.isfinite(trace).any():
            ax.plot(time, trace, color=COLOURS[variable], label=SYMBOLS[variable])
    attributes = recording.dataset.attrs
    if attributes["start"] == "settled" and attributes["coupling"] == "one-way" and layer != "output":
        depth = depth_below_output(recording, layer)
        share = settling_curve(time, depth, attributes["tau_soma"], attributes["tau_apical"])
        ax.plot(time, float(cell["error"][-1]) * share, "--", color="0.25", lw=1.0, label="predicted error")
    ax.axhline(0, color="0.8", lw=0.6, zorder=0)
    ax.set_xlim(0, min(time[-1], SHOWN_TIME_CONSTANTS * attributes["tau_soma"]))
    ax.set_xlabel("time since the target appeared (ms)" if attributes["start"] == "settled" else "time (ms)")
    ax.set_ylabel("potential (dimensionless)")
    ax.set_title(f"{layer}, neuron {int(cell['index'])}")
    if ax.get_subplotspec() is None or ax.figure.axes == [ax]:
        ax.legend(ncols=2)
    return ax


def choose_cell(recording: Recording, layer: str, neuron: int | None, presentation: int) -> xr.Dataset:
    """Return one neuron's recording over time; by default the one with the largest error at the end.

    Raises
    ------
    DataError
        The layer or the neuron was not recorded.
    """
    cells = Recording(recording.layer(layer)).presentation(presentation)
    if neuron is None:
        return cells.isel(neuron=int(np.abs(cells["error"][-1].values).argmax()))
    places = np.flatnonzero(cells["index"].values == neuron)
    if not len(places):
        raise DataError(f"neuron {neuron} of layer '{layer}' was not recorded; choose another, or record it.")
    return cells.isel(neuron=int(places[0]))


def depth_below_output(recording: Recording, layer: str) -> int:
    """How many layers the error has to descend to reach a layer."""
    layers = str(recording.dataset.attrs["layers"]).split()
    return len(layers) - 1 - layers.index(layer)
