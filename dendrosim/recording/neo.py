"""Recordings as Neo blocks: a segment for each presentation.

It holds an AnalogSignal for each variable of each layer, and a SpikeTrain for each recorded neuron that sends spikes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from dendrosim.errors import DataError
from dendrosim.recording.spikes import spike_frame, spiking_layers

if TYPE_CHECKING:
    from neo import Block

    from dendrosim.recording.recording import Recording


def neo_block(recording: Recording) -> Block:
    """Return a recording of presentations as a Neo block.

    The last sample is the state at the end; where it comes earlier than the next regular sample would, it stands in an
    IrregularlySampledSignal of its own. A SpikeTrain lasts from the first to the last sample; its array annotations
    say which spikes belong to a ``burst``, and which begin an ``event``.

    Parameters
    ----------
    recording : Recording
        Of presentations.

    Raises
    ------
    DataError
        Neo is not installed, or the recording has no presentations.
    """
    try:
        import neo
    except ModuleNotFoundError:
        raise DataError("Neo blocks need neo; install it by: pip install 'dendrosim[neo]'.") from None
    dataset = recording.dataset
    if "time" not in dataset.dims:
        raise DataError("this recording holds weights only, and Neo wants potentials over time; export a relaxation.")
    recording.need("model", "layer", "index", "step", "stimulus", "target", "convergence_time")
    block = neo.Block(name=str(dataset.attrs["model"]), **dataset.attrs)
    for number in range(dataset.sizes["presentation"]):
        shown = recording.presentation(number)
        label = {"label": shown["label"].values.tolist()} if "label" in shown.coords else {}
        segment = neo.Segment(
            name=f"presentation {number}",
            index=number,
            stimulus=shown["stimulus"].values,
            target=shown["target"].values,
            convergence_time=float(shown["convergence_time"]),
            **label,
        )
        for name, cells in _traces(shown):
            _add_signals(neo, segment, name, cells)
        for layer in spiking_layers(shown):
            for train in _trains(neo, shown, layer):
                segment.spiketrains.append(train)
        block.segments.append(segment)
    return block


def _traces(shown: xr.Dataset) -> Iterator[tuple[str, xr.DataArray]]:
    """Give each variable of each layer that has it."""
    recorded = [name for name, variable in shown.data_vars.items() if variable.dims == ("time", "neuron")]
    for layer in dict.fromkeys(shown["layer"].values):
        for name in recorded:
            cells = shown[name].isel(neuron=(shown["layer"] == layer).values)
            if np.isfinite(cells.values).any():
                yield f"{layer} {name}", cells


def _add_signals(neo: Any, segment: Any, name: str, cells: xr.DataArray) -> None:
    time, unit = cells["time"].values, cells.attrs["units"].replace("1", "dimensionless")
    common = {"units": unit, "name": name, "description": cells.attrs["long_name"]}
    common["array_annotations"] = {axis: cells[axis].values for axis in ("index", "step")}
    interval = time[1] - time[0] if len(time) > 1 else 1.0
    regular = np.isclose(time, time[0] + interval * np.arange(len(time)), rtol=0, atol=1e-6 * interval)
    period = {"sampling_period": _milliseconds(interval), "t_start": _milliseconds(time[0])}
    segment.analogsignals.append(neo.AnalogSignal(cells.values[regular], **period, **common))
    if not regular.all():
        rest = ~regular
        signal = neo.IrregularlySampledSignal(_milliseconds(time[rest]), cells.values[rest], **common)
        segment.irregularlysampledsignals.append(signal)


def _trains(neo: Any, shown: xr.Dataset, layer: str) -> Iterator[Any]:
    """Give the spikes of each recorded neuron of a layer, at each step of a sequence."""
    frame = spike_frame(shown, layer)
    rows = frame.groupby(["neuron", "step"]).indices
    cells = shown.isel(neuron=(shown["layer"] == layer).values)
    begin, end = float(shown["time"][0]), float(shown["time"][-1])
    for neuron, step in zip(cells["index"].values.tolist(), cells["step"].values.tolist(), strict=True):
        spikes = frame.iloc[rows.get((neuron, step), [])]
        yield neo.SpikeTrain(
            _milliseconds(spikes["time"].to_numpy()),
            t_start=_milliseconds(begin),
            t_stop=_milliseconds(end),
            name=f"{layer} neuron {neuron}" + (f" step {step}" if int(cells["step"].max()) else ""),
            layer=layer,
            neuron=neuron,
            step=step,
            array_annotations={flag: spikes[flag].to_numpy() for flag in ("burst", "event")},
        )


def _milliseconds(time: Any) -> Any:
    from quantities import ms

    return time * ms
