"""Recordings as Neurodata Without Borders files: compartments as time series, presentations as trials, spikes as units.

The presentations follow one another on the file's clock. What NWB has no place for (units and dimensions of
variables, provenance) stands in the file's notes as JSON, so that the recording can be read back as it was.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import xarray as xr

from dendrosim.errors import DataError
from dendrosim.files import check_writable, replace_file, write_safely
from dendrosim.hdf import check_hdf
from dendrosim.recording.nwb_units import add_units, read_units
from dendrosim.recording.opening import check_form, reading
from dendrosim.recording.samples import DIMENSIONS, recorded_samples
from dendrosim.recording.spikes import is_spike_column, of_what_is_left, spiking_layers

if TYPE_CHECKING:
    from pynwb import NWBFile

PAUSE = 1.0  # s between presentations
# SI units as NWB wants them; dimensionless activities are neither scaled nor in SI units.
SI = {
    "1": ("dimensionless", 1.0),
    "mV": ("volts", 1e-3),
    "pA": ("amperes", 1e-12),
    "nS": ("siemens", 1e-9),
    "Hz": ("hertz", 1.0),
}
TABLES = {"neuron": "what was recorded in each column of the time series", "synapse": "weights of chosen synapses"}


def write_nwb(dataset: xr.Dataset, path: Path) -> None:
    """Write a recording of presentations.

    Parameters
    ----------
    dataset : xarray.Dataset
        Of a :class:`~dendrosim.recording.Recording`.
    path : Path
        Written beside its place and renamed over it.

    Raises
    ------
    DataError
        pynwb is not installed, the recording has no presentations, or the file cannot be written; then the sentence
        says where the recording is instead.
    """
    pynwb = _pynwb()
    check_writable(path, "recording")
    dataset = of_what_is_left(dataset)
    if "time" not in dataset.dims:
        raise DataError("this recording holds weights only, and NWB wants potentials over time; export a relaxation.")
    for name in ("model", "architecture", "fingerprint", "weights", *(["dt"] if spiking_layers(dataset) else [])):
        if name not in dataset.attrs:
            raise DataError(
                f"this recording does not say its '{name}', which NWB wants; export one as it was recorded."
            )
    content = io.BytesIO()  # on a disk that gets full HDF5 ends the whole process
    with h5py.File(content, "w") as written, pynwb.NWBHDF5IO(file=written, mode="w") as stream:
        stream.write(_file(pynwb, dataset))
    write_safely(path, lambda place: replace_file(place, content.getvalue()), "recording")


def _file(pynwb: Any, dataset: xr.Dataset) -> NWBFile:
    file = pynwb.NWBFile(
        session_description=f"{dataset.attrs['model']} relaxes: {dataset.attrs['architecture']}",
        identifier=f"{dataset.attrs['fingerprint']}-{dataset.attrs['weights']}",
        session_start_time=datetime.now(UTC),
        keywords=["simulation", "dendrite", "Dendritic Localized Learning"],
        notes=json.dumps(_remarks(dataset), default=lambda number: number.item()),
        subject=pynwb.file.Subject(
            subject_id=str(dataset.attrs["model"]),
            description="a simulated network",
            species="none",
            sex="O",
            age="P0D",
        ),
    )
    _add_series(file, dataset)
    _add_trials(file, dataset)
    for dimension, description in TABLES.items():
        if dimension in dataset.dims:
            _add_table(file, dimension, description, dataset)
    return file


def read_nwb(path: Path) -> xr.Dataset:
    """Read what :func:`write_nwb` wrote, as it was.

    Raises
    ------
    DataError
        pynwb is not installed, or the file is missing or not one of ours.
    """
    pynwb = _pynwb()
    with reading(path):
        check_hdf(path)
        with pynwb.NWBHDF5IO(path, "r") as stream:
            file = stream.read()
            remarks = json.loads(file.notes)
            arrays = dict(_arrays(file, remarks))
        variables = {
            name: (described["dimensions"], arrays[name], described["attributes"])
            for name, described in remarks["variables"].items()
        }
        dataset = xr.Dataset(variables).set_coords(remarks["coordinates"]).assign_attrs(remarks["attributes"])
        check_form(dataset)
        return dataset


def _pynwb() -> Any:
    try:
        import pynwb
    except ModuleNotFoundError:
        raise DataError("NWB files need pynwb; install it by: pip install 'dendrosim[nwb]'.") from None
    return pynwb


def _remarks(dataset: xr.Dataset) -> dict[str, Any]:
    variables = {
        str(name): {"dimensions": list(map(str, variable.dims)), "attributes": variable.attrs}
        for name, variable in dataset.variables.items()
    }
    epochs = dataset["epoch"].values.tolist() if "epoch" in dataset.dims else []
    coordinates = list(map(str, dataset.coords))
    return {"attributes": dataset.attrs, "coordinates": coordinates, "variables": variables, "epochs": epochs}


def _add_series(file: NWBFile, dataset: xr.Dataset) -> None:
    from pynwb import H5DataIO, TimeSeries

    there = recorded_samples(dataset)
    presentation, sample = np.nonzero(there)
    time = dataset["time"].values
    seconds = presentation * (time[-1] / 1000 + PAUSE) + time[sample] / 1000
    module = file.create_processing_module("circuit", "compartments of the simulated cells, and what drives them")
    clock = TimeSeries(
        name="time_in_presentation",
        data=time[sample],
        unit="milliseconds",
        timestamps=seconds,
        description="time since the presentation began",
    )
    module.add(clock)
    for name, variable in dataset.data_vars.items():
        if variable.dims != DIMENSIONS:
            continue
        unit, conversion = SI.get(variable.attrs["units"], (variable.attrs["units"], 1.0))
        values = variable.values[there]
        # A series with more columns than samples would look as if it had been transposed.
        blocks = np.array_split(values, -(-values.shape[1] // len(values)) or 1, axis=1)
        for number, block in enumerate(blocks):
            series = TimeSeries(
                name=f"{name}_{number:04d}" if len(blocks) > 1 else str(name),
                data=H5DataIO(block, compression="gzip"),
                unit=unit,
                conversion=conversion,
                timestamps=clock,
                description=variable.attrs["long_name"],
            )
            module.add(series)


def _add_trials(file: NWBFile, dataset: xr.Dataset) -> None:
    time, there = dataset["time"].values / 1000, recorded_samples(dataset)
    start = np.arange(dataset.sizes["presentation"]) * (time[-1] + PAUSE)
    stop = start + np.array([time[recorded].max(initial=0.0) for recorded in there])
    columns = {name: variable for name, variable in _along(dataset, "presentation") if "neuron" not in variable.dims}
    for name, variable in columns.items():
        file.add_trial_column(name, variable.attrs.get("long_name", f"{name} of the presentation"))
    for number, (begin, end) in enumerate(zip(start, stop, strict=True)):
        values = {name: variable.values[number] for name, variable in columns.items()}
        file.add_trial(start_time=begin, stop_time=end, **values)
    add_units(file, dataset, start, stop)


def _add_table(file: NWBFile, dimension: str, description: str, dataset: xr.Dataset) -> None:
    from pynwb.core import DynamicTable, VectorData

    columns = [
        VectorData(
            name=name, description=variable.attrs.get("long_name", name), data=variable.transpose(dimension, ...).values
        )
        for name, variable in _along(dataset, dimension)
        if "time" not in variable.dims
    ]
    file.processing["circuit"].add(DynamicTable(name=f"{dimension}s", description=description, columns=columns))


def _along(dataset: xr.Dataset, dimension: str) -> Iterator[tuple[str, xr.Variable]]:
    return ((str(name), variable) for name, variable in dataset.variables.items() if dimension in variable.dims)


def _arrays(file: NWBFile, remarks: dict[str, Any]) -> Iterator[tuple[str, np.ndarray]]:
    """Read every variable of the dataset, whatever holds it."""
    module, trials = file.processing["circuit"], file.trials
    clock, spikes = module["time_in_presentation"], read_units(file)
    sample_time = clock.data[:]
    time, sample = np.unique(sample_time, return_inverse=True)
    presentation = np.searchsorted(trials["start_time"][:], clock.timestamps[:], side="right") - 1
    for name, described in remarks["variables"].items():
        dimensions = described["dimensions"]
        if name == "time":
            yield name, time
        elif name == "epoch":
            yield name, np.asarray(remarks["epochs"])
        elif is_spike_column(name):
            yield name, spikes[name].values
        elif "time" in dimensions:
            blocks = sorted(key for key in module.data_interfaces if key == name or key.rpartition("_")[0] == name)
            values = np.concatenate([module[key].data[:] for key in blocks], axis=1)
            whole = np.full((len(trials), len(time), values.shape[1]), np.nan, values.dtype)
            whole[presentation, sample] = values
            yield name, whole
        else:
            table = trials if dimensions[0] == "presentation" else module[f"{dimensions[-1]}s"]
            values = np.asarray(table[name].data[:])
            values = values.T if dimensions == ["epoch", "synapse"] else values
            yield name, values.astype(str) if values.dtype.kind == "O" else values
