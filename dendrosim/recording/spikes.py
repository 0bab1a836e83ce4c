"""Spikes in a recording: for each layer that sends some a table of its own, beside the sampled potentials.

A table has a row for what one neuron sent in one time step, and for ensembles, which may send several spikes at once,
one of single spikes and one of bursts, with their number. Its columns are variables over a dimension of the layer, as
``spike_time.hidden-1`` over ``spike.hidden-1``, sorted by presentation and time. Presentations, steps and neurons are
named by their labels, so that whatever is selected of a recording, its spikes are those of what is left.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from dendrosim.checks import shown
from dendrosim.claims import memory_free
from dendrosim.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

_MARK = "spike_time."
_PER_ROW = 100
"""Bytes that a spike takes at most while a table of all of them is made."""
COLUMNS: dict[str, tuple[Any, dict[str, str]]] = {
    "time": (np.float64, {"units": "ms", "long_name": "time of the spike"}),
    "neuron": (np.int32, {"long_name": "number of the neuron in its layer"}),
    "presentation": (np.int32, {"long_name": "presentation"}),
    "step": (np.int32, {"long_name": "step of the sequence"}),
    "burst": (np.bool_, {"long_name": "whether it belongs to a burst"}),
    "event": (np.bool_, {"long_name": "whether it begins an event: a single spike, or a burst counted once"}),
    "count": (np.int32, {"long_name": "how many of them the neuron sent in the time step"}),
}

MOST = 1_000_000
"""Spikes of one neuron in one time step, of an ensemble larger than any."""


def spike_table(layer: str, columns: Mapping[str, np.ndarray]) -> dict[str, xr.Variable]:
    """Return the variables of one table.

    Parameters
    ----------
    layer : str
        Whose spikes they are.
    columns : mapping of str to array
        By the names in ``COLUMNS``, sorted by presentation and time.
    """
    return {
        _variable(name, layer): xr.Variable(_dimension(layer), np.asarray(columns[name], dtype), attributes)
        for name, (dtype, attributes) in COLUMNS.items()
    }


def bursts_by_interval(time: np.ndarray, neuron: np.ndarray, interval: float) -> tuple[np.ndarray, np.ndarray]:
    """Return which spikes belong to a burst, and which begin an event.

    A spike that follows another of its neuron within the interval belongs to the burst of that one.

    Parameters
    ----------
    time : array of shape (spike,)
        ms, in any order.
    neuron : array of shape (spike,)
        Whose spikes they are, also among presentations and steps.
    interval : float
        ms.

    Examples
    --------
    >>> burst, event = bursts_by_interval(np.array([1.0, 6.0, 40.0]), np.array([0, 0, 0]), 16.0)
    >>> burst.tolist(), event.tolist()
    ([True, True, False], [True, False, True])
    """
    order = np.lexsort((time, neuron))
    follows = np.zeros(len(time), dtype=bool)
    follows[1:] = (np.diff(neuron[order]) == 0) & (np.diff(time[order]) <= interval)
    burst, event = np.empty_like(follows), np.empty_like(follows)
    event[order] = ~follows
    burst[order] = follows | np.append(follows[1:], False)
    return burst, event


def spiking_layers(dataset: xr.Dataset) -> list[str]:
    """Return the layers of which a recording holds spikes."""
    return [str(name).removeprefix(_MARK) for name in dataset.data_vars if str(name).startswith(_MARK)]


def is_spike_column(name: Hashable) -> bool:
    """Whether a variable is a column of a table of spikes."""
    return str(name).partition(".")[0] in {f"spike_{column}" for column in COLUMNS}


def check_layer(dataset: xr.Dataset, layer: Any) -> None:
    """Raise DataError unless a recording holds spikes of a layer."""
    there = spiking_layers(dataset)
    if not there:
        raise DataError(
            "this recording holds no spikes; record cells that send some, such as those of kind 'bursting', with "
            "Record(spikes=True)."
        )
    if layer not in there:
        raise DataError(f"no spikes were recorded of layer {shown(layer)}; choose out of {', '.join(there)}.")


def without_spikes(dataset: xr.Dataset) -> xr.Dataset:
    """Return a recording without its tables of spikes."""
    return dataset.drop_vars([_variable(name, layer) for layer in spiking_layers(dataset) for name in COLUMNS])


def joined_spikes(pieces: Sequence[xr.Dataset]) -> dict[str, xr.Variable]:
    """Return the tables of pieces one after the other, each of which counts its presentations from zero."""
    first = np.cumsum([0, *(piece.sizes["presentation"] for piece in pieces)])
    tables: dict[str, xr.Variable] = {}
    for layer in spiking_layers(pieces[0]):
        for name in COLUMNS:
            parts = [piece.variables[_variable(name, layer)] for piece in pieces]
            if name == "presentation":
                parts = [
                    part._replace(data=part.data + part.dtype.type(shift))
                    for part, shift in zip(parts, first, strict=False)
                ]
            tables[_variable(name, layer)] = xr.Variable.concat(parts, _dimension(layer))
    return tables


def of_what_is_left(dataset: xr.Dataset) -> xr.Dataset:
    """Return a selection of a recording with no spikes but those of its presentations, neurons, steps and times."""
    for layer in spiking_layers(dataset):
        cells = np.atleast_1d(dataset["layer"].values) == layer
        if not cells.any():
            dataset = dataset.drop_vars([_variable(name, layer) for name in COLUMNS])
            continue
        columns = {name: dataset[_variable(name, layer)].values for name in ("presentation", "step", "neuron", "time")}
        time = np.atleast_1d(dataset["time"].values)
        kept = (columns["time"] >= time[0]) & (columns["time"] <= time[-1])
        kept &= np.isin(columns["presentation"], dataset["presentation"].values)
        there = (np.atleast_1d(dataset[name].values)[cells] for name in ("step", "index"))
        kept &= np.isin(_places(columns["step"], columns["neuron"]), _places(*there))
        dataset = dataset if kept.all() else dataset.isel({_dimension(layer): kept})
    return dataset


def spike_frame(dataset: xr.Dataset, layer: str) -> pd.DataFrame:
    """Return the spikes of a layer, a row each; see :meth:`dendrosim.recording.Recording.spikes`."""
    import pandas as pd

    table = {name: dataset[_variable(name, layer)].values for name in COLUMNS}
    count = table.pop("count")
    if (total := int(count.sum())) * _PER_ROW > memory_free():
        raise DataError(f"the {total:,} spikes of layer '{layer}' do not fit in memory; ask for one presentation.")
    return pd.DataFrame({name: np.repeat(column, count) for name, column in table.items()})


def counted_spikes(dataset: xr.Dataset) -> dict[str, int]:
    """Return how many spikes a recording holds of each layer."""
    dataset = of_what_is_left(dataset)
    return {layer: int(dataset[_variable("count", layer)].sum()) for layer in spiking_layers(dataset)}


def check_spikes(dataset: xr.Dataset) -> None:
    """Refuse tables that are none.

    Raises
    ------
    ValueError
        It names what is missing or of another kind.
    """
    for layer in spiking_layers(dataset):
        if layer not in str(dataset.attrs["layers"]).split():
            raise ValueError(f"it has spikes of a layer {layer!r} that it does not have")
        for name, (dtype, _) in COLUMNS.items():
            column = dataset.variables.get(_variable(name, layer))
            if column is None:
                raise ValueError(f"'{_variable(name, layer)}' is missing")
            if column.dims != (_dimension(layer),) or column.dtype.kind != np.dtype(dtype).kind:
                raise ValueError(f"'{_variable(name, layer)}' is no column of a table of spikes")
        time, count = (dataset[_variable(name, layer)] for name in ("time", "count"))
        last = float(dataset["time"][-1])
        if not bool(((time >= float(dataset["time"][0])) & (time <= last) & (count >= 1) & (count <= MOST)).all()):
            raise ValueError(f"spikes of layer '{layer}' have no time of the recording, or no number")


def _places(step: np.ndarray, neuron: np.ndarray) -> np.ndarray:
    """Return a number for each pair of step and neuron."""
    return step.astype(np.int64) * 2**32 + neuron


def _variable(column: str, layer: str) -> str:
    return f"spike_{column}.{layer}"


def _dimension(layer: str) -> str:
    return f"spike.{layer}"
