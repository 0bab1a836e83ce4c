"""Potentials of one cell over time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from dendrosim.cells import Observable
from dendrosim.checks import need
from dendrosim.errors import DataError
from dendrosim.model import Model
from dendrosim.model.settling import depth_below_output, settling_curve
from dendrosim.plot.style import axes_or_new, styled
from dendrosim.recording import Recording
from dendrosim.recording.appearance import ERROR, activities, observable, slowest
from dendrosim.registry import CELLS

# An error of this many of the slowest time constants has settled for the eye, also in deep layers.
SHOWN_TIME_CONSTANTS = 10


@styled
def relaxation(
    recording: Recording, layer: str, neuron: int | None = None, presentation: int = 0, ax: Any = None
) -> Any:
    """Draw the compartments and the error of one neuron, with the predicted settling of the error over them.

    The prediction (dashed) is ξ* times :func:`dendrosim.model.settling_curve`, where it holds; see
    :func:`predicted_share`.

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
    recording.need("error", "start", "layers")
    cell = choose_cell(recording, layer, neuron, presentation)
    time = cell["time"].values
    for variable in (*activities(cell), ERROR):
        trace, look = cell[variable].values, observable(cell, variable)
        if np.isfinite(trace).any():
            ax.plot(time, trace, color=look.colour, label=look.label)
    attributes = recording.dataset.attrs
    share = predicted_share(recording, layer, presentation, time)
    if share is not None:
        ax.plot(time, float(cell["error"][-1]) * share, "--", color="0.25", lw=1.0, label="predicted error")
    ax.axhline(0, color="0.8", lw=0.6, zorder=0)
    ax.set_xlim(0, min(time[-1], SHOWN_TIME_CONSTANTS * slowest(attributes)))
    ax.set_xlabel("time since the target appeared (ms)" if attributes["start"] == "settled" else "time (ms)")
    ax.set_ylabel("potential (dimensionless)")
    ax.set_title(f"{layer}, neuron {int(cell['index'])}")
    if ax.get_subplotspec() is None or ax.figure.axes == [ax]:
        ax.legend(ncols=2)
    return ax


@styled
def settling(recording: Recording, presentation: int = 0, ax: Any = None) -> Any:
    """Draw, for each hidden layer, the largest error as a share of where it ends, with its closed form (dashed).

    The closed form is :func:`dendrosim.model.settling_curve`, where it holds (:func:`predicted_share`): with every
    layer that the error has to pass the curve starts flatter.

    Parameters
    ----------
    recording : Recording
        Of a relaxation, with the error of all hidden layers.
    presentation : int
        Which presentation.
    ax : matplotlib Axes, optional
        Where to draw.
    """
    ax = axes_or_new(ax)
    recording.need("error", "layers")
    attributes = recording.dataset.attrs
    line = None
    for layer in str(attributes["layers"]).split()[-2::-1]:
        cell = choose_cell(recording, layer, None, presentation)
        share, time = cell["error"].values / float(cell["error"][-1]), cell["time"].values
        ax.plot(time, share, label=f"{layer}, neuron {int(cell['index'])}", zorder=0)
        predicted = predicted_share(recording, layer, presentation, time)
        if predicted is not None:
            (line,) = ax.plot(time, predicted, "--", color="0.2", lw=0.9)
    if line is not None:
        line.set_label("closed form")
    ax.set_xlim(0, SHOWN_TIME_CONSTANTS * slowest(attributes))
    ax.set_xlabel("time since the target appeared (ms)")
    ax.set_ylabel("error ξ / its equilibrium")
    ax.legend(loc="lower right")
    return ax


@styled
def kinds_of_cell(cells: Mapping[str, xr.Dataset], ax: Any = None) -> Any:
    """Draw the compartments of one neuron, as simulated with several kinds of cell.

    Parameters
    ----------
    cells : mapping of str to xarray.Dataset
        One neuron's recording by the name to show: up to three, drawn as lines, dots and dashes.
    ax : matplotlib Axes, optional
        Where to draw.
    """
    ax = axes_or_new(ax)
    for cell in cells.values():
        need(cell, "a cell", "time")
    looks: dict[str, Observable] = {}
    for (name, cell), style in zip(cells.items(), ("-", "o", "--"), strict=False):
        shown = cell.isel(time=slice(None, None, 4)) if style == "o" else cell
        for variable in activities(cell):
            look = looks.setdefault(variable, observable(cell, variable))
            ax.plot(shown["time"], shown[variable], style, color=look.colour, markersize=2.5, lw=1.2)
        ax.plot([], [], style, color="0.5", markersize=2.5, label=name)
    for look in looks.values():
        ax.plot([], [], color=look.colour, label=look.label)
    ax.set_xlabel("time since the target appeared (ms)")
    ax.set_ylabel("activity (dimensionless)")
    ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return ax


@styled
def membrane_potentials(cell: xr.Dataset, rest: float, ax: Any = None) -> Any:
    """Draw the membrane potentials of one cell, in mV.

    Parameters
    ----------
    cell : xarray.Dataset
        One neuron's recording.
    rest : float
        Its resting potential, mV.
    ax : matplotlib Axes, optional
        Where to draw.
    """
    ax = axes_or_new(ax)
    need(cell, "the cell", "time")
    looks = {str(name): observable(cell, str(name)) for name, values in cell.data_vars.items() if "time" in values.dims}
    potentials = {name: look for name, look in looks.items() if look.unit == "mV"}
    if not potentials:
        raise DataError("this recording holds no membrane potentials; record some of conductance cells.")
    for name, look in potentials.items():
        ax.plot(cell["time"], cell[name], color=look.colour, label=look.label)
    ax.axhline(rest, color="0.6", lw=0.8, ls=":", label="rest")
    ax.set_xlabel("time since the target appeared (ms)")
    ax.set_ylabel("membrane potential (mV)")
    ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return ax


def choose_cell(recording: Recording, layer: str, neuron: int | None, presentation: int) -> xr.Dataset:
    """Return one neuron's recording over time; by default the one with the largest error at the end.

    Raises
    ------
    DataError
        The layer or the neuron was not recorded.
    """
    recording.need("error", "index")
    cells = Recording(recording.layer(layer)).presentation(presentation)
    if neuron is None:
        return cells.isel(neuron=int(np.abs(cells["error"][-1].values).argmax()))
    places = np.flatnonzero(cells["index"].values == neuron)
    if not len(places):
        raise DataError(f"neuron {neuron} of layer '{layer}' was not recorded; choose another, or record it.")
    return cells.isel(neuron=int(places[0]))


def predicted_share(recording: Recording, layer: str, presentation: int, time: np.ndarray) -> np.ndarray | None:
    """Return ξ(t)/ξ* of the closed form, or None where there is none.

    It holds for a presentation that converged from a settled bottom-up sweep, in a network without recurrence whose
    somata do not act back on their dendrites.

    Parameters
    ----------
    recording : Recording
        Of a relaxation.
    layer : str
        A layer of its network.
    presentation : int
        Which presentation.
    time : array of float
        Time since the target appeared, ms.
    """
    attributes = recording.dataset.attrs
    kind = CELLS.loaded(str(attributes.get("cell", "")))
    filters = kind.error_filters(attributes) if kind is not None else None
    holds = (
        attributes["start"] == "settled"
        and attributes["teacher"] != "none"
        and attributes["integrator"] != "settle"
        and np.isfinite(recording.convergence_time[presentation])
    )
    if filters is None or not holds:
        return None
    model = Model.model_validate_json(attributes["description"])
    nudged = model.teacher.kind == "nudged"
    if model.is_sequence or (layer == "output" and not nudged):
        return None
    apical, soma = filters
    return settling_curve(time, depth_below_output(model, layer), soma, apical, nudged)
