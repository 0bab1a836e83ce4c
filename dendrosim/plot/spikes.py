"""Spikes of a recording: who sent which when, rates and shares of bursts over time, and what led to them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np
import pandas as pd
import xarray as xr
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from dendrosim import spikes
from dendrosim.checks import whole
from dendrosim.errors import DataError
from dendrosim.plot.style import FEEDBACK, axes_or_new, cycle_colours, styled
from dendrosim.recording import Recording
from dendrosim.recording.appearance import observable

SINGLE = {"marker": "|", "color": "0.25", "markersize": 6.0, "markeredgewidth": 0.7}
BURST = {"marker": "D", "color": FEEDBACK, "markersize": 3.2, "markeredgewidth": 0.0}
DASHES = ("-", "--", ":", "-.")
READABLE = 100
"""Spikes of the busiest neuron that are told apart side by side."""
_GAP = 1.5  # rows between two layers


@styled
def raster(
    recording: Recording,
    layer: str | None = None,
    presentation: int = 0,
    time: tuple[float, float] | None = None,
    neurons: int = 8,
    ax: Any = None,
) -> Any:
    """Draw the spikes of neurons, a row each, layer above layer as in the network.

    A spike of its own is a tick; one that belongs to a burst, or a burst of an ensemble, is a diamond.

    Parameters
    ----------
    recording : Recording
        With spikes.
    layer : str, optional
        Which; by default all that sent some.
    presentation : int
        Which presentation.
    time : tuple of float, optional
        From when to when, ms; by default from the beginning, for as long as spikes can be told apart.
    neurons : int
        At most so many of a layer, those that sent the most.
    ax : matplotlib Axes, optional
        Where to draw.
    """
    frames = {name: recording.spikes(name, presentation) for name in _layers(recording, layer)}
    neurons = whole(neurons, "neurons", 1)
    cells = {name: _busiest(recording, name, frame, neurons) for name, frame in frames.items()}
    rows = sum(map(len, cells.values()))
    ax = axes_or_new(ax, 5.6, 0.9 + 0.13 * rows + 0.15 * len(cells))
    begin, end = time or _readable(recording, list(frames.values()), presentation)
    if not begin < end:
        raise DataError(f"there is no time from {begin:g} to {end:g} ms; give the earlier one first.")
    bottom, places, labels = 0.0, [], []
    for name, frame in frames.items():
        number = pd.MultiIndex.from_tuples(cells[name], names=["step", "neuron"])
        row = number.get_indexer(pd.MultiIndex.from_frame(frame[["step", "neuron"]]))
        shown = (row >= 0) & frame["time"].between(begin, end).to_numpy()
        for look, flag in ((SINGLE, False), (BURST, True)):
            drawn = shown & (frame["burst"].to_numpy() == flag)
            ax.plot(frame["time"][drawn], bottom + row[drawn], linestyle="none", **look)
        places.append(bottom + (len(number) - 1) / 2)
        recorded = len(np.unique(recording.layer(name)["index"]))
        labels.append(
            f"{name}\n{len(number)} of {recorded}" if len(number) < recorded else f"{name}\n{recorded} neurons"
        )
        bottom += len(number) - 1 + _GAP
    ax.set(xlim=(begin, end), ylim=(-1.0, bottom - _GAP + 1.0), xlabel="time (ms)")
    ax.set_yticks(places, labels)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    signs = [Line2D([], [], linestyle="none", label=label, **look) for label, look in _signs(frames)]
    ax.legend(handles=signs, loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2, borderaxespad=0.2)
    return ax


@styled
def population_rate(
    recording: Recording,
    layer: str | None = None,
    presentation: int | None = None,
    interval: float = 5.0,
    ax: Any = None,
) -> Any:
    """Draw how often a neuron of each layer sends events; see :func:`dendrosim.spikes.population_rate`.

    Parameters
    ----------
    recording : Recording
        With spikes.
    layer : str, optional
        Which; by default all that sent some.
    presentation : int, optional
        Which presentation; by default the mean of all.
    interval : float
        Length of the bins, ms.
    ax : matplotlib Axes, optional
        Where to draw.
    """
    ax = _over_time(spikes.population_rate, recording, layer, presentation, interval, ax)
    ax.set_ylabel("events of a neuron (Hz)")
    return ax


@styled
def burst_probability(
    recording: Recording,
    layer: str | None = None,
    presentation: int | None = None,
    interval: float = 5.0,
    ax: Any = None,
) -> Any:
    """Draw which share of the events of each layer are bursts; see :func:`dendrosim.spikes.burst_probability`.

    Parameters
    ----------
    recording, layer, presentation, interval, ax
        See :func:`population_rate`.
    """
    ax = _over_time(spikes.burst_probability, recording, layer, presentation, interval, ax)
    ax.set_ylabel("burst probability")
    ax.set_ylim(0, 1)
    return ax


@styled
def spike_triggered_average(
    recording: Recording,
    layer: str,
    variable: str,
    presentation: int | None = None,
    window: tuple[float, float] = (-20.0, 20.0),
    ax: Any = None,
) -> Any:
    """Draw what a variable did around events and around bursts; see :func:`dendrosim.spikes.spike_triggered_average`.

    Parameters
    ----------
    recording : Recording
        With spikes and the variable of the layer.
    layer, variable : str
        Which.
    presentation : int, optional
        Which presentation; by default all.
    window : tuple of float
        Lags, ms.
    ax : matplotlib Axes, optional
        Where to draw.
    """
    ax = axes_or_new(ax)
    looks: dict[Literal["events", "bursts"], tuple[str, str]] = {"events": ("0.25", "-"), "bursts": (FEEDBACK, "--")}
    for kind, (colour, dash) in looks.items():
        try:
            average = spikes.spike_triggered_average(recording, layer, variable, presentation, window, kind)
        except DataError:
            if kind == "events":
                raise
            continue  # there were none
        ax.plot(average["lag"], average, dash, color=colour, label=f"{average.attrs['triggers']:,} {kind}")
    look = observable(recording.dataset, variable)
    ax.axvline(0.0, color="0.8", lw=0.6, zorder=0)
    ax.set_xlabel("time since the spike (ms)")
    ax.set_ylabel(f"mean {look.long_name}\n({'dimensionless' if look.unit == '1' else look.unit})")
    ax.set_title(layer)
    ax.legend()
    return ax


@styled
def spikes_page(recording: Recording, presentation: int = 0, interval: float = 5.0) -> Figure:
    """Draw the spikes of one presentation, and below them rates and shares of bursts of its layers.

    Parameters
    ----------
    recording : Recording
        With spikes.
    presentation : int
        Which presentation.
    interval : float
        Length of the bins, ms.
    """
    layers = _layers(recording, None)
    figure = Figure(figsize=(7.0, 2.8 + 1.1 * len(layers)))
    halves: Any = figure.subfigures(2, 1, height_ratios=(1.0 * len(layers), 2.2))
    above, below = halves
    raster(recording, None, presentation, ax=above.subplots())
    left, right = below.subplots(1, 2)
    population_rate(recording, None, presentation, interval, left)
    burst_probability(recording, None, presentation, interval, right)
    right.get_legend().remove()
    return figure


def _layers(recording: Recording, layer: str | None) -> list[str]:
    """Return the layers that are drawn, from below to above."""
    if layer is not None:
        return [layer]
    sent = list(recording.spike_counts)
    if not sent:
        recording.spikes("")  # says why
    return sent


def _busiest(recording: Recording, layer: str, frame: pd.DataFrame, neurons: int) -> list[tuple[int, int]]:
    """Return step and number of the neurons that sent the most, of a sequence at its last step."""
    cells = recording.layer(layer)
    last = int(cells["step"].max())
    here = cells["index"].values[cells["step"].values == last]
    counts = frame["neuron"][frame["step"] == last].value_counts().reindex(here, fill_value=0)
    chosen = counts.sort_values(ascending=False, kind="stable").index[:neurons]
    return [(last, int(neuron)) for neuron in sorted(chosen)]


def _readable(recording: Recording, frames: Sequence[pd.DataFrame], presentation: int) -> tuple[float, float]:
    """Return the time in which the busiest neuron sends as many spikes as can be told apart."""
    time = recording.presentation(presentation)["time"].values
    begin, end = float(time[0]), float(time[-1])
    most = max((int(frame.groupby(["step", "neuron"]).size().max()) for frame in frames if len(frame)), default=0)
    return begin, begin + (end - begin) * min(1.0, READABLE / max(most, 1))


def _signs(frames: dict[str, pd.DataFrame]) -> list[tuple[str, dict[str, Any]]]:
    every_spike = any((~frame["event"]).any() for frame in frames.values())
    return [("single spike", SINGLE), ("spike of a burst" if every_spike else "burst", BURST)]


def _over_time(
    measure: Callable[..., xr.DataArray],
    recording: Recording,
    layer: str | None,
    presentation: int | None,
    interval: float,
    ax: Any,
) -> Any:
    ax, colours = axes_or_new(ax), cycle_colours()
    for number, name in enumerate(_layers(recording, layer)):
        values = measure(recording, name, presentation, interval)
        look = {"color": colours[number % len(colours)], "linestyle": DASHES[number % len(DASHES)]}
        ax.plot(values["time"], values, label=name, **look)
    time = recording.dataset["time"].values
    ax.set_xlim(time[0], time[-1])
    ax.set_ylim(bottom=0)
    ax.set_xlabel("time (ms)")
    ax.legend()
    return ax
