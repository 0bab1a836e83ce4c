"""Spikes as the units of an NWB file: one for each recorded neuron in each presentation, and step of a sequence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from dendrosim.recording.spikes import spike_frame, spike_table, spiking_layers

if TYPE_CHECKING:
    from pynwb import NWBFile

OF_A_SPIKE = {
    "time_in_presentation": "ms since the presentation began",
    "burst": "whether the spike belongs to a burst",
    "event": "whether the spike begins an event: a single spike, or a burst counted once",
}
OF_A_UNIT = {
    "layer": "layer of the neuron",
    "neuron": "number of the neuron in its layer",
    "presentation": "presentation, of which the trials tell more",
    "step": "step of the sequence",
}
_KEYS = ("presentation", "step", "neuron")


def add_units(file: NWBFile, dataset: xr.Dataset, start: np.ndarray, stop: np.ndarray) -> None:
    """Give a file the spikes of a recording, where it holds some; an ensemble's spikes of one moment are repeated.

    Parameters
    ----------
    file : NWBFile
        To write.
    dataset : xarray.Dataset
        Of a recording.
    start, stop : array of shape (presentation,)
        When each presentation began and ended on the clock of the file, s.
    """
    layers = spiking_layers(dataset)
    if not layers:
        return
    from pynwb.core import VectorData, VectorIndex
    from pynwb.misc import Units

    parts = [_units(dataset, layer) for layer in layers]
    units = {name: np.concatenate([each[name] for each, _ in parts]) for name in parts[0][0]}
    spikes = {name: np.concatenate([each[name] for _, each in parts]) for name in OF_A_SPIKE}
    at, ends = units["at"], np.cumsum(units["count"])
    ragged = {
        "spike_times": np.repeat(start[at], units["count"]) + spikes["time_in_presentation"] / 1000,
        "obs_intervals": np.stack([start[at], stop[at]], axis=1),
    }
    columns: list[Any] = [VectorData(name=name, description=said, data=units[name]) for name, said in OF_A_UNIT.items()]
    described = {"spike_times": "s on the clock of the file", "obs_intervals": "its presentation"} | OF_A_SPIKE
    for name, said in described.items():
        data = VectorData(name=name, description=said, data=ragged.get(name, spikes.get(name)))
        last = np.arange(1, len(at) + 1) if name == "obs_intervals" else ends
        columns += [data, VectorIndex(name=f"{name}_index", target=data, data=last)]
    said = "spikes of each recorded neuron in each presentation; of an ensemble those of all its cells"
    file.units = Units(name="units", description=said, columns=columns, resolution=float(dataset.attrs["dt"]) / 1000)


def _units(dataset: xr.Dataset, layer: str) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Return the units of a layer and their spikes, unit after unit."""
    import pandas as pd

    cells = np.flatnonzero(dataset["layer"].values == layer)
    neuron, step = dataset["index"].values[cells], dataset["step"].values[cells]
    presentation = dataset["presentation"].values
    at = np.repeat(np.arange(len(presentation)), len(cells))
    units = {"neuron": np.tile(neuron, len(presentation)), "step": np.tile(step, len(presentation))}
    units |= {"layer": np.full(len(at), layer), "presentation": presentation[at], "at": at}
    frame = spike_frame(dataset, layer)
    unit = pd.MultiIndex.from_arrays([units[name] for name in _KEYS]).get_indexer(
        pd.MultiIndex.from_frame(frame[list(_KEYS)])
    )
    order = np.argsort(unit, kind="stable")
    spikes = {name: frame[name.removesuffix("_in_presentation")].to_numpy()[order] for name in OF_A_SPIKE}
    return units | {"count": np.bincount(unit, minlength=len(at))}, spikes


def read_units(file: NWBFile) -> dict[str, xr.Variable]:
    """Return the tables of spikes that :func:`add_units` wrote."""
    if file.units is None:
        return {}
    units = file.units
    count = np.diff(units["spike_times"].data[:], prepend=0)
    rows = {name: np.repeat(np.asarray(units[name].data[:]), count) for name in OF_A_UNIT}
    rows |= {name.removesuffix("_in_presentation"): units[name].target.data[:] for name in OF_A_SPIKE}
    tables: dict[str, xr.Variable] = {}
    for layer in dict.fromkeys(map(str, units["layer"].data[:])):
        ours = rows["layer"].astype(str) == layer
        table = {name: column[ours] for name, column in rows.items()}
        order = np.lexsort([table[name] for name in ("burst", "neuron", "step", "time", "presentation")])
        table = {name: column[order] for name, column in table.items()}
        keys = np.stack([table[name].astype(float) for name in (*_KEYS, "time", "burst", "event")])
        # Spikes of an ensemble at one moment stood there one by one.
        first = np.flatnonzero(np.append(True, (np.diff(keys) != 0).any(axis=0))[: ours.sum()])
        counts = np.diff(np.append(first, ours.sum()))
        tables |= spike_table(layer, {name: column[first] for name, column in table.items()} | {"count": counts})
    return tables
