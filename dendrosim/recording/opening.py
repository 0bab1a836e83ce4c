"""Reading files of recordings: what they claim, then what they hold, before anybody uses it."""

from __future__ import annotations

import errno
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from xarray.backends import H5NetCDFStore

from dendrosim.checks import is_file, path_of, reason
from dendrosim.errors import DataError
from dendrosim.hdf import check_hdf
from dendrosim.kinds import RECORDING, missing
from dendrosim.recording.appearance import ERROR, compartments, observable
from dendrosim.recording.samples import DIMENSIONS
from dendrosim.recording.spikes import check_spikes
from dendrosim.registry import CELLS

TEXT, WHOLE, REAL, NAMES = "text", "whole numbers", "real numbers", "numbers or names"
_KINDS = {TEXT: "UOT", WHOLE: "iu", REAL: "fiu", NAMES: "UOTfiu"}

# What a relaxation has beside the potentials, and what the weights of chosen synapses have: dimensions and kind.
RELAXATION: dict[str, tuple[tuple[str, ...], str]] = {
    "time": (("time",), REAL),
    "layer": (("neuron",), TEXT),
    "step": (("neuron",), WHOLE),
    "index": (("neuron",), WHOLE),
    "convergence_time": (("presentation",), REAL),
    "residual": (("presentation",), REAL),
    "presentation": (("presentation",), WHOLE),
}
SYNAPSES: dict[str, tuple[tuple[str, ...], str]] = {
    "epoch": (("epoch",), WHOLE),
    "connection": (("synapse",), TEXT),
    **dict.fromkeys(("post", "pre", "row", "column"), (("synapse",), WHOLE)),
    **dict.fromkeys(("weight", "feedback_weight"), (("epoch", "synapse"), REAL)),
}
WORDS = ("model", "layers", "architecture", "fingerprint", "weights")
OF_A_CELL = {
    TEXT: ("cell", "coupling", "compartments"),
    REAL: ("noise", "settles", "slowest"),
}
"""What a recording says of its cells, where it says it."""
OF_A_RELAXATION = {TEXT: ("start", "teacher", "reason"), REAL: ("tolerance",)}


def opened(path: str | Path, into_memory: bool) -> xr.Dataset:
    """Open the NetCDF file of a recording, or read it whole.

    Raises
    ------
    DataError
        The file is missing, held by another process, damaged, no recording, or claims what it cannot hold.
    """
    path = path_of(path, "the recording")
    with reading(path):
        check_hdf(path, into_memory)
        store = H5NetCDFStore.open(path)
        try:
            with warnings.catch_warnings():  # xarray would leave a filter of its own behind
                dataset = xr.open_dataset(store, chunks={}, decode_times=False)
            if into_memory:
                dataset = dataset.load()
                store.close()
            if "motion" in dataset:  # the name that version 0.1 wrote
                dataset = dataset.rename(motion="residual")
            check_form(dataset)
        except BaseException:
            store.close()  # or the file would stay open, and locked, for as long as the error is talked about
            raise
    return dataset


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn whatever goes wrong in the file of a recording into one sentence.

    Of damaged bytes HDF5, NetCDF and NWB raise what they like, so here every exception means the file.
    """
    if not is_file(path):
        raise missing(path, RECORDING)
    try:
        yield
    except Exception as error:
        number = getattr(error, "errno", None)
        if number == errno.EAGAIN or "unable to lock file" in str(error):
            raise DataError(
                f"{path}: another process is writing this recording; wait until it has closed it."
            ) from None
        if number in (errno.EACCES, errno.EPERM):
            raise DataError(f"{path}: you may not read this recording; change the permissions of the file.") from None
        raise DataError(
            f"{path}: this recording cannot be read ({reason(error)}); choose another file, or make it again."
        ) from None


def check_form(dataset: xr.Dataset) -> None:
    """Refuse a dataset that is not formed as the recordings of :class:`~dendrosim.recording.Recording` are.

    Raises
    ------
    ValueError
        It names what is missing or of another kind.
    """
    relaxed, learned = "time" in dataset.dims, "synapse" in dataset.dims
    if not relaxed and not learned:
        raise ValueError("it is no recording of dendrosim: it has neither times nor synapses")
    for form, is_there in ((RELAXATION, relaxed), (SYNAPSES, learned)):
        for name, (dimensions, kind) in form.items() if is_there else ():
            _check_variable(dataset, name, dimensions, kind)
    there = {kind: [name for name in names if name in dataset.attrs] for kind, names in OF_A_CELL.items()}
    time_constants = [name for name in dataset.attrs if name.startswith("tau_")]
    _check_attributes(dataset.attrs, [*WORDS, *there[TEXT]], [*there[REAL], *time_constants])
    cell = CELLS.loaded(dataset.attrs.get("cell", ""))
    for name in cell.provenance_in_words if cell is not None else ():
        if name not in dataset.attrs:
            raise ValueError(f"its attribute '{name}' is missing")
    if not relaxed:
        return
    _check_attributes(dataset.attrs, OF_A_RELAXATION[TEXT], OF_A_RELAXATION[REAL])
    shown = {name for compartment in compartments(dataset) for name in (*compartment.shown_by, ERROR)}
    for name in map(str, dataset.data_vars):
        if name in shown or dataset[name].dims == DIMENSIONS:
            _check_variable(dataset, name, DIMENSIONS, REAL)
            _check_attributes(dataset[name].attrs, ("units", "long_name"), ())
            observable(dataset, name)
    for name, kind in {"stimulus": REAL, "target": REAL, "label": NAMES}.items():
        if name in dataset:
            _check_variable(dataset, name, ("presentation", *map(str, dataset[name].dims[1:])), kind)
    time = dataset["time"].values
    if not (np.isfinite(time).all() and (np.diff(time) > 0).all() and len(time)):
        raise ValueError("its times do not ascend")
    strangers = set(dataset["layer"].values) - set(dataset.attrs["layers"].split())
    if strangers:
        raise ValueError(f"its layers do not include {strangers.pop()!r}")
    check_spikes(dataset)


def _check_variable(dataset: xr.Dataset, name: str, dimensions: tuple[str, ...], kind: str) -> None:
    if name not in dataset.variables:
        raise ValueError(f"it is no recording of dendrosim: '{name}' is missing")
    variable = dataset[name]
    right = variable.dtype.kind in _KINDS[kind] or not variable.size  # of nothing, nobody knows the kind
    if right and kind is TEXT:
        right = all(isinstance(word, str) for word in variable.values)
    if not right or variable.dims != dimensions:
        raise ValueError(f"'{name}' is not {kind} over {', '.join(dimensions)}")


def _check_attributes(attributes: dict[str, Any], words: Sequence[str], numbers: Sequence[str]) -> None:
    for name in words:
        if not isinstance(attributes.get(name), str):
            raise ValueError(f"its attribute '{name}' is missing or no text")
    for name in numbers:
        value = attributes.get(name)
        if not isinstance(value, int | float | np.integer | np.floating) or not np.isfinite(value):
            raise ValueError(f"its attribute '{name}' is missing or no number")
