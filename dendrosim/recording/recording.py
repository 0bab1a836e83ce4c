"""A recording: an ``xarray.Dataset`` of potentials over (presentation, time, neuron), with units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from dendrosim.checks import path_of, shown, whole
from dendrosim.errors import DataError
from dendrosim.files import check_writable, replacing, write_safely
from dendrosim.notebook import recording_html, summary_of_recording
from dendrosim.recording.ending import reason_of
from dendrosim.recording.nwb import read_nwb, write_nwb
from dendrosim.recording.opening import opened
from dendrosim.recording.samples import DIMENSIONS, recorded_samples
from dendrosim.recording.spikes import (
    check_layer,
    counted_spikes,
    is_spike_column,
    joined_spikes,
    of_what_is_left,
    spike_frame,
    without_spikes,
)
from dendrosim.recording.spool import write_netcdf

if TYPE_CHECKING:
    import pandas as pd
    from neo import Block

CHUNK = 2**17  # samples of one block of a file: half a megabyte to one, so that a few neurons can be read alone


@dataclass(frozen=True, repr=False)
class Recording:
    """What a circuit did, and how it ended.

    Attributes
    ----------
    dataset : xarray.Dataset
        Recorded variables over (presentation, time, neuron), the coordinates ``layer``, ``step`` (of a sequence) and
        ``index`` of each neuron; stimulus, target and ``label`` (of classes) of each presentation, and the time since
        when it was converged. The last sample is the state at the end. Weights of chosen synapses over
        (epoch, synapse), where they were asked for. Spikes, in tables of their own; see
        :mod:`dendrosim.recording.spikes`. Units and provenance are in the attributes.
    """

    dataset: xr.Dataset

    @classmethod
    def join(
        cls,
        pieces: Sequence[xr.Dataset],
        stimuli: np.ndarray,
        targets: np.ndarray,
        provenance: Mapping[str, Any],
        labels: np.ndarray | None = None,
        weights: xr.Dataset | None = None,
    ) -> Recording:
        """Put pieces together that :func:`~dendrosim.recording.piece.piece` made.

        Where one ended before another its samples are NaN.

        Parameters
        ----------
        pieces : sequence of xarray.Dataset
            Consecutive presentations.
        stimuli, targets : array of shape (presentation, ...)
            What was presented.
        provenance : mapping
            Attributes of the whole: model, weights, target, tolerance, ...
        labels : array of shape (presentation,) or (presentation, step), optional
            Classes that the targets stand for.
        weights : xarray.Dataset, optional
            Of chosen synapses; see :func:`dendrosim.recording.synapses`.
        """
        dataset = xr.concat([without_spikes(piece) for piece in pieces], dim="presentation", join="outer")
        dataset = dataset.assign(joined_spikes(pieces))
        dataset["stimulus"] = ("presentation", *_axes("stimulus", stimuli)), stimuli
        dataset["target"] = ("presentation", *_axes("target", targets)), targets
        dataset = dataset.assign_coords(presentation=np.arange(len(stimuli)))
        if labels is not None:
            dataset = dataset.assign_coords(label=(("presentation", *_axes("target", labels)), labels))
        if weights is not None:
            dataset = dataset.merge(weights)
        dataset["time"].attrs = {"units": "ms", "long_name": "time"}
        dataset.attrs = dict(provenance)
        recording = cls(dataset)
        dataset.attrs["reason"] = reason_of(recording)
        return recording

    @property
    def converged(self) -> bool:
        """Whether every presentation reached local convergence."""
        return bool(np.isfinite(self.convergence_time).all())

    @property
    def convergence_time(self) -> np.ndarray:
        """Time in ms since when each presentation was converged; NaN where it was not."""
        self.need("convergence_time")
        return np.asarray(self.dataset["convergence_time"].values)

    @property
    def settles(self) -> bool:
        """Whether the cells had a fixed point to converge to: noise, or a cell that spikes, has none."""
        attributes = self.dataset.attrs
        if "settles" not in attributes:  # of an earlier version
            self.need("noise")
        return bool(attributes.get("settles", attributes.get("noise", 0.0) == 0))

    @property
    def reason(self) -> str:
        """Why the relaxation stopped."""
        self.need("reason")
        return str(self.dataset.attrs["reason"])

    @property
    def spike_counts(self) -> dict[str, int]:
        """How many spikes were recorded, by layer; a burst of an ensemble counts once."""
        return counted_spikes(self.dataset)

    def __repr__(self) -> str:
        return summary_of_recording(self)

    def _repr_html_(self) -> str:
        return recording_html(self)

    def need(self, *names: str) -> None:
        """Raise DataError unless all these variables, coordinates and attributes are in the recording."""
        there = {*self.dataset.variables, *self.dataset.attrs}
        for name in names:
            if not isinstance(name, str) or name not in there:
                raise DataError(f"this recording holds no {shown(name)}; record it, or choose what does without.")

    def layer(self, name: str) -> xr.Dataset:
        """Return the recorded neurons of one layer.

        Raises
        ------
        DataError
            Nothing was recorded of that layer.
        """
        self.need("layer")
        chosen = np.array(
            [isinstance(name, str) and layer == name for layer in self.dataset["layer"].values], dtype=bool
        )
        if not chosen.any():
            layers = ", ".join(dict.fromkeys(self.dataset["layer"].values))
            raise DataError(f"nothing was recorded of layer {shown(name)}; choose out of {layers}.")
        return of_what_is_left(self.dataset.isel(neuron=chosen))

    def presentation(self, number: int) -> xr.Dataset:
        """Return one presentation, up to where it ended: others may have taken longer.

        Raises
        ------
        DataError
            There is no such presentation.
        """
        self.need("time")
        number, count = whole(number, "the presentation"), self.dataset.sizes.get("presentation", 0)
        if not 0 <= number < count:
            raise DataError(f"there is no presentation {number} among the {count} of this recording; count from 0.")
        shown = of_what_is_left(self.dataset.isel(presentation=[number]))
        return shown.isel(presentation=0, time=recorded_samples(shown)[0])

    def spikes(self, layer: str, presentation: int | None = None) -> pd.DataFrame:
        """Return the recorded spikes of one layer, a row each, sorted by presentation and time.

        Parameters
        ----------
        layer : str
            A recorded layer whose cells send spikes.
        presentation : int, optional
            Which presentation; by default all.

        Returns
        -------
        pandas.DataFrame
            ``time`` in ms, ``neuron`` (its number in the layer), ``presentation``, ``step`` (of a sequence), whether it
            belongs to a ``burst``, and whether it begins an ``event``, which is a single spike or a burst counted once.
            An ensemble sends a burst as one row; of a cell with a threshold each of its spikes has one.

        Raises
        ------
        DataError
            No spikes were recorded of that layer, or there is no such presentation.

        Examples
        --------
        >>> import numpy as np
        >>> import dendrosim as ds
        >>> layers = [{"kind": "dense", "units": 4}, {"kind": "dense", "units": 2}]
        >>> model = ds.Model(input=[3], layers=layers, cell={"kind": "bursting"})
        >>> circuit = ds.Circuit(model, ds.Parameters.initialise(model, seed=0), dt=1.0)
        >>> recording = circuit.relax(np.ones((2, 3)), time_limit=50.0)
        >>> recording.spikes("hidden-1", presentation=1).columns.tolist()
        ['time', 'neuron', 'presentation', 'step', 'burst', 'event']
        """
        check_layer(self.dataset, layer)
        if presentation is not None:
            return spike_frame(self.presentation(presentation), layer)
        return spike_frame(of_what_is_left(self.dataset), layer)

    def save(self, path: str | Path) -> Path:
        """Write the recording as NetCDF, compressed; it is written beside its place and renamed over it.

        Missing folders are made.

        Raises
        ------
        DataError
            The file cannot be written; the sentence says where the recording is instead.
        """
        path, dataset = path_of(path, "the recording"), of_what_is_left(self.dataset)

        def write(place: Path) -> None:
            with replacing(place) as new:
                write_netcdf(dataset, new, encoding=_encoding(dataset))

        check_writable(path, "recording")
        write_safely(path, write, "recording")
        return path

    @classmethod
    def load(cls, path: str | Path) -> Recording:
        """Read a recording written by :meth:`save` into memory.

        Raises
        ------
        DataError
            The file is missing, held by another process, damaged, or is not a recording.
        """
        return cls(opened(path, into_memory=True))

    @classmethod
    def open(cls, path: str | Path) -> Recording:
        """Open a recording written by :meth:`save`, of which only what is used is read from the file.

        Raises
        ------
        DataError
            The file is missing, held by another process, damaged, or is not a recording.
        """
        return cls(opened(path, into_memory=False))

    def to_nwb(self, path: str | Path) -> Path:
        """Write the recording as a Neurodata Without Borders file; see :mod:`dendrosim.recording.nwb`.

        Raises
        ------
        DataError
            pynwb is not installed, the recording has no presentations, or the file cannot be written.
        """
        path = path_of(path, "the file")
        write_nwb(self.dataset, path)
        return path

    @classmethod
    def from_nwb(cls, path: str | Path) -> Recording:
        """Read a recording written by :meth:`to_nwb`.

        Raises
        ------
        DataError
            pynwb is not installed, or the file is missing or not one of ours.
        """
        return cls(read_nwb(path_of(path, "the recording")))

    def to_neo(self) -> Block:
        """Return the recording as a Neo block, a segment for each presentation; see :mod:`dendrosim.recording.neo`.

        Raises
        ------
        DataError
            Neo is not installed, or the recording has no presentations.
        """
        from dendrosim.recording.neo import neo_block

        return neo_block(self)


def _encoding(dataset: xr.Dataset) -> dict[str, dict[str, Any]]:
    encoding: dict[str, dict[str, Any]] = {}
    for name, variable in dataset.data_vars.items():
        encoding[str(name)] = {"zlib": True, "complevel": 4}
        if variable.dims == DIMENSIONS and variable.size:
            _, times, neurons = variable.shape
            encoding[str(name)]["chunksizes"] = (1, min(times, max(CHUNK // neurons, 1)), neurons)
        if is_spike_column(name) and variable.size:
            encoding[str(name)]["chunksizes"] = (min(variable.size, CHUNK),)
    return encoding


def _axes(name: str, array: np.ndarray) -> list[str]:
    return [f"{name}_axis_{axis}" for axis in range(1, array.ndim)]
