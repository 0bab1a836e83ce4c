"""What an electrode measures: responses to currents, transfer in the tree, f-I curves, spikes and bursts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr
from matplotlib import colormaps

from dendrosim.cells import ActiveCell, ConductanceCell
from dendrosim.checks import need, shown
from dendrosim.errors import DataError
from dendrosim.plot.style import DASHES, axes_or_new, styled


@styled
def current_steps(clamp: xr.Dataset, compartment: str = "soma", ax: Any = None) -> Any:
    """Draw the potential of a compartment during steps of injected current; the bar below is the step.

    Parameters
    ----------
    clamp : xarray.Dataset
        Made by :func:`dendrosim.circuit.electrophysiology.current_clamp`.
    compartment : {"soma", "basal", "apical"}
        Whose potential.
    ax : matplotlib Axes, optional
        Where to draw.
    """
    ax = axes_or_new(ax)
    need(clamp, "the clamp", f"V_{compartment}", "current", "time")
    need(clamp.attrs, "the clamp", "step", "compartment")
    potential = clamp[f"V_{compartment}"]
    colours = colormaps["viridis"](np.linspace(0, 0.85, len(clamp["current"])))
    for trace, current, colour in zip(potential.values, clamp["current"].values, colours, strict=True):
        ax.plot(clamp["time"], trace, color=colour, label=f"{current:.0f} pA".replace("-", "−"))
    low, high = float(potential.min()), float(potential.max())
    below = low - 0.12 * (high - low)
    ax.plot([0, clamp.attrs["step"]], [below, below], color="0.3", lw=3, solid_capstyle="butt")
    ax.set_xlim(float(clamp["time"][0]), float(clamp["time"][-1]))
    ax.set_xlabel("time since onset (ms)")
    ax.set_ylabel(f"V {compartment} (mV)")
    labels = {each.name: each.label for each in ConductanceCell.compartments}
    ax.set_title(f"current into the {labels.get(clamp.attrs['compartment'], clamp.attrs['compartment'])}")
    ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return ax


@styled
def transfer_ratio(by_coupling: Mapping[str, Mapping[str, float]], ax: Any = None) -> Any:
    """Draw the steady-state transfer ratio of both dendrites: how much of a steady deflection reaches the soma.

    Parameters
    ----------
    by_coupling : mapping of str to mapping
        By the name to show, then by dendrite: V_soma/V_dendrite.
    ax : matplotlib Axes, optional
        Where to draw.
    """
    ax = axes_or_new(ax)
    dendrites = list(next(iter(by_coupling.values()), {}))
    if not dendrites:
        raise DataError("there is no transfer ratio to draw; give that of one cell at least.")
    compartments = {each.name: each for each in ConductanceCell.compartments}
    need(compartments, "a cell", *dendrites)
    colours = [ConductanceCell.observables[compartments[dendrite].shown_by[0]].colour for dendrite in dendrites]
    for values in by_coupling.values():
        need(values, "the transfer ratios of a cell", *dendrites)
    width = 0.8 / len(by_coupling)
    for number, (name, values) in enumerate(by_coupling.items()):
        place = np.arange(len(dendrites)) + (number - (len(by_coupling) - 1) / 2) * width
        bars = ax.bar(
            place,
            [values[dendrite] for dendrite in dendrites],
            0.9 * width,
            color=colours,
            alpha=0.5**number,
        )
        ax.bar_label(bars, [f"{name}\n{values[dendrite]:.2f}" for dendrite in dendrites], fontsize=7, padding=2)
    ax.set_xticks(range(len(dendrites)), [compartments[dendrite].label for dendrite in dendrites])
    ax.set_ylim(0, 1)
    ax.set_ylabel("steady transfer ratio V soma / V dendrite")
    return ax


@styled
def rate_curves(curves: Mapping[str, xr.DataArray], ax: Any = None) -> Any:
    """Draw firing rates over injected current.

    Parameters
    ----------
    curves : mapping of str to DataArray
        Made by :func:`dendrosim.circuit.electrophysiology.rate_curve`, by the name to show.
    ax : matplotlib Axes, optional
        Where to draw.
    """
    ax = axes_or_new(ax)
    for number, (name, curve) in enumerate(curves.items()):
        need(curve.coords, "a curve", "current")
        ax.plot(curve["current"], curve, DASHES[number % len(DASHES)], label=name)
    ax.set_xlabel("injected current (pA)")
    ax.set_ylabel("firing rate (Hz)")
    ax.set_ylim(bottom=0)
    ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return ax


@styled
def spikes_and_plateaus(found: xr.Dataset, trial: Any, ax: Any = None) -> Any:
    """Draw the potentials of soma and dendrite of an active cell, and its spikes as bars above.

    Parameters
    ----------
    found : xarray.Dataset
        Made by :func:`dendrosim.circuit.active_cells.stimulate` or one of its kind.
    trial : object
        Which trial, by its coordinate.
    ax : matplotlib Axes, optional
        Where to draw.
    """
    ax = axes_or_new(ax)
    names = ("V_soma", "V_dendrite")
    need(found, "the stimulation", *names, "spikes", "time")
    dimension = next(str(each) for each in found["spikes"].dims if each != "time")
    if trial not in found[dimension]:
        raise DataError(f"there is no trial {shown(trial)} in this stimulation; choose one of its '{dimension}'.")
    one = found.sel({dimension: trial})
    for name in names:
        look = ActiveCell.observables[name]
        ax.plot(one["time"], one[name], color=look.colour, lw=1.1, label=look.label)
    highest = max(float(one[name].max()) for name in names)
    times = one["time"].values[one["spikes"].values > 0]
    ax.vlines(times, highest + 4, highest + 12, color=ActiveCell.observables["V_soma"].colour, lw=1.1)
    ax.set_xlim(float(one["time"][0]), float(one["time"][-1]))
    ax.set_xlabel("time (ms)")
    ax.set_ylabel("membrane potential (mV)")
    ax.legend(loc="upper right")
    return ax


@styled
def burst_curves(
    curves: xr.Dataset, variable: str = "burst_probability", against: str = "dendrite", ax: Any = None
) -> Any:
    """Draw rate of events or share of bursts over one current, a line for each of the other.

    Bars are standard errors: of a Poisson number of events, and of a binomial number of bursts.

    Parameters
    ----------
    curves : xarray.Dataset
        Made by :func:`dendrosim.circuit.burst_code.burst_curves`.
    variable : {"burst_probability", "event_rate"}
        What.
    against : {"dendrite", "soma"}
        Over which current.
    ax : matplotlib Axes, optional
        Where to draw.
    """
    ax = axes_or_new(ax)
    need({"dendrite": "soma", "soma": "dendrite"}, "a pair of currents", against)
    need(curves, "the curves", variable, "events", "dendrite", "soma")
    other = "soma" if against == "dendrite" else "dendrite"
    value, events = curves[variable], curves["events"].clip(1)
    spread = value * (1 - value) if variable == "burst_probability" else value**2
    errors = (spread / events) ** 0.5
    colours = colormaps["viridis"](np.linspace(0, 0.85, curves.sizes[other]))
    for current, colour in zip(curves[other].values, colours, strict=True):
        at = {other: current}
        label = f"{current:.0f} pA".replace("-", "−")
        ax.errorbar(curves[against], value.sel(at), errors.sel(at), color=colour, marker="o", ms=3, label=label)
    ax.set_xlabel(f"current into the {against} (pA)")
    ax.set_ylabel("share of bursts" if variable == "burst_probability" else "rate of events (Hz)")
    ax.set_ylim(bottom=0)
    ax.legend(title=f"into the {other}", title_fontsize="small")
    return ax


@styled
def plateau_times(curves: Mapping[str, xr.DataArray], ax: Any = None) -> Any:
    """Draw how long the plateau lasts after a train of somatic spikes, over its frequency.

    Parameters
    ----------
    curves : mapping of str to DataArray
        Made by :func:`dendrosim.circuit.active_cells.plateau_time`, by the name to show.
    ax : matplotlib Axes, optional
        Where to draw.
    """
    ax = axes_or_new(ax)
    for number, (name, curve) in enumerate(curves.items()):
        need(curve.coords, "a curve", "frequency")
        ax.plot(curve["frequency"], curve, DASHES[number % len(DASHES)], label=name)
    ax.set_xlabel("frequency of the spikes (Hz)")
    ax.set_ylabel("plateau after the last pulse (ms)")
    ax.set_ylim(bottom=-0.5)
    ax.legend(loc="upper left")
    return ax
