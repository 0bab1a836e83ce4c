"""What recorded spikes say: rates, the share of bursts, and what a neuron did around its spikes.

An event is a single spike or a burst, counted once. Of an ensemble, a neuron of the model stands for all of its cells.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
import xarray as xr

from dendrosim.annotations import checked
from dendrosim.errors import DataError
from dendrosim.recording import Recording
from dendrosim.recording.samples import DIMENSIONS, recorded_samples

Kind = Literal["events", "bursts", "spikes"]
MOST_BINS = 1_000_000
_ROUNDING = 1e-6  # ms, of times


@checked
def population_rate(
    recording: Recording, layer: str, presentation: int | None = None, interval: float = 5.0, kind: Kind = "events"
) -> xr.DataArray:
    """Return how often a neuron of a layer sends, over time, as the mean over its recorded neurons.

    Parameters
    ----------
    recording : Recording
        With spikes of the layer.
    layer : str
        Which.
    presentation : int, optional
        Which presentation; by default the mean of all.
    interval : float
        Length of the bins, ms.
    kind : {"events", "bursts", "spikes"}
        What is counted; a burst counts once among events and bursts.

    Returns
    -------
    xarray.DataArray
        Hz over ``time``, the middle of each bin in ms.

    Raises
    ------
    DataError
        No spikes were recorded of that layer, there is no such presentation, or no bin fits into it.

    Examples
    --------
    >>> import numpy as np
    >>> import dendrosim as ds
    >>> layers = [{"kind": "dense", "units": 4}, {"kind": "dense", "units": 2}]
    >>> model = ds.Model(input=[3], layers=layers, cell={"kind": "bursting"})
    >>> circuit = ds.Circuit(model, ds.Parameters.initialise(model, seed=0), dt=1.0)
    >>> recording = circuit.relax(np.ones((2, 3)), time_limit=50.0)
    >>> ds.spikes.population_rate(recording, "hidden-1", interval=10.0).sizes["time"]
    5
    """
    counts, exposure, middles = _binned(recording, layer, presentation, interval, kind)
    attributes = {"units": "Hz", "long_name": f"{kind} of {layer}"}
    return xr.DataArray(1000 * counts / exposure, {"time": middles}, "time", "rate", attributes)


@checked
def burst_probability(
    recording: Recording, layer: str, presentation: int | None = None, interval: float = 5.0
) -> xr.DataArray:
    """Return which share of the events of a layer are bursts, over time; NaN where there were no events.

    Parameters
    ----------
    recording, layer, presentation, interval
        See :func:`population_rate`.

    Returns
    -------
    xarray.DataArray
        Probability over ``time``, the middle of each bin in ms.

    Raises
    ------
    DataError
        As :func:`population_rate`.
    """
    bursts, _, middles = _binned(recording, layer, presentation, interval, "bursts")
    events, _, _ = _binned(recording, layer, presentation, interval, "events")
    share = np.divide(bursts, events, out=np.full(len(events), np.nan), where=events > 0)
    attributes = {"units": "1", "long_name": f"share of bursts among the events of {layer}"}
    return xr.DataArray(share, {"time": middles}, "time", "burst_probability", attributes)


@checked
def spike_triggered_average(
    recording: Recording,
    layer: str,
    variable: str,
    presentation: int | None = None,
    window: tuple[float, float] = (-20.0, 20.0),
    kind: Kind = "events",
) -> xr.DataArray:
    """Return the mean of a recorded variable around the spikes of its own neuron.

    Each spike counts at the sample that is nearest to it; see :func:`at_samples`. Spikes whose window is not within
    what was recorded of their presentation are left out.

    Parameters
    ----------
    recording : Recording
        With spikes and the variable of the layer.
    layer, variable : str
        Which.
    presentation : int, optional
        Which presentation; by default all.
    window : tuple of float
        Lags in ms between which it is averaged: before zero it leads to the spike.
    kind : {"events", "bursts", "spikes"}
        What triggers.

    Returns
    -------
    xarray.DataArray
        Over ``lag`` in ms, in the unit of the variable; its attribute ``triggers`` is the number of spikes.

    Raises
    ------
    DataError
        There are no such spikes or samples, or no spike has its whole window in the recording.
    """
    frame = _sent(recording, layer, presentation, kind)
    cells = _selected(recording, layer, presentation)
    values, samples = _regular(cells, layer, variable)
    every = float(samples[1] - samples[0])
    first, last = round(window[0] / every), round(window[1] / every)
    begin, end = max(0, -first), len(samples) - max(0, last)
    if not first <= last or begin >= end:
        raise DataError(f"a window from {window[0]:g} to {window[1]:g} ms does not fit into the recording; shorten it.")
    triggers = at_samples(frame, cells)[:, begin:end]
    finite = np.isfinite(values)
    kept = finite[:, begin + first : end + first] & finite[:, begin + last : end + last]
    triggers = np.where(kept, triggers, 0)
    if not triggers.any():
        raise DataError(f"no spike of '{layer}' has its window and '{variable}' in the recording; choose others.")
    lags = np.arange(first, last + 1)
    known = np.where(finite, values, 0.0)
    sums = [np.vdot(triggers, known[:, begin + lag : end + lag]) for lag in lags]
    attributes = dict(cells[variable].attrs) | {"triggers": int(triggers.sum())}
    return xr.DataArray(np.array(sums) / triggers.sum(), {"lag": every * lags}, "lag", variable, attributes)


def at_samples(frame: pd.DataFrame, cells: xr.Dataset) -> np.ndarray:
    """Return how many spikes are nearest to each sample; those halfway between two belong to the earlier one.

    Parameters
    ----------
    frame : pandas.DataFrame
        Spikes, as :meth:`dendrosim.recording.Recording.spikes` returns them.
    cells : xarray.Dataset
        The neurons that sent them, of one or several presentations.

    Returns
    -------
    array of shape (presentation, time, neuron)
    """
    columns = pd.MultiIndex.from_arrays([cells["step"].values, cells["index"].values])
    time = cells["time"].values
    labels, places = np.unique(cells["presentation"].values, return_inverse=True)
    place = (
        np.searchsorted(labels, frame["presentation"]),
        np.searchsorted((time[1:] + time[:-1]) / 2, frame["time"] - _ROUNDING),
        columns.get_indexer(pd.MultiIndex.from_frame(frame[["step", "neuron"]])),
    )
    counts = np.zeros((len(labels), len(time), len(columns)))
    np.add.at(counts, place, 1)
    return counts[np.atleast_1d(places)]


def _selected(recording: Recording, layer: str, presentation: int | None) -> xr.Dataset:
    """Return a layer of all presentations, or of one."""
    cells = recording.layer(layer)
    if presentation is None:
        return cells
    recording.presentation(presentation)  # or there is none
    return cells.isel(presentation=[presentation])


def _sent(recording: Recording, layer: str, presentation: int | None, kind: str) -> pd.DataFrame:
    frame = recording.spikes(layer, presentation)
    if kind == "spikes":
        return frame
    return frame[frame["event"] & (frame["burst"] | (kind == "events"))]


def _binned(
    recording: Recording, layer: str, presentation: int | None, interval: float, kind: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return by bin how many spikes there were, ms times neurons in which there could be some, and its middle."""
    frame = _sent(recording, layer, presentation, kind)
    recording.need("dt")
    cells = _selected(recording, layer, presentation)
    time = cells["time"].values
    count = (time[-1] - time[0]) / interval if interval > 0 else 0.0
    if not 1 <= count + 1e-9 < MOST_BINS:
        raise DataError(f"an interval of {interval:g} ms does not divide {time[-1] - time[0]:g} ms; choose another.")
    edges = time[0] + interval * np.arange(int(count + 1e-9) + 1)
    # What was sent in a time step stands at its beginning; its middle belongs to one bin for sure.
    counts, _ = np.histogram(frame["time"] + float(recording.dataset.attrs["dt"]) / 2, edges)
    ends = time[-1 - recorded_samples(cells)[:, ::-1].argmax(axis=1)]
    exposure = np.clip(ends[:, None] - edges[:-1], 0.0, interval).sum(axis=0) * cells.sizes["neuron"]
    return counts, exposure, edges[:-1] + interval / 2


def _regular(cells: xr.Dataset, layer: str, variable: str) -> tuple[np.ndarray, np.ndarray]:
    """Return a variable at its regular samples, without the state at the end, and their times."""
    recorded = cells.data_vars.get(variable)
    if recorded is None or recorded.dims != DIMENSIONS:
        raise DataError(f"'{variable}' of '{layer}' was not recorded over time; record it.")
    samples = cells["time"].values[:-1]
    if len(samples) < 2:
        raise DataError("this recording has too few samples to average; record at a smaller interval.")
    return recorded.values[:, :-1], samples
