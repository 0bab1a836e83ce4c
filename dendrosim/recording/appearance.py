"""What the variables of a recording are, and what stands for a compartment: read off the file, never off its names.

A file says it itself, so that it can be drawn where its kind of cell is not installed; one that does not, of an earlier
version, is looked up by its kind of cell among those that ship with dendrosim.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, get_args

import xarray as xr
from pydantic import TypeAdapter

from dendrosim.cells.cell import DRAWN, Compartment, Dash, Observable
from dendrosim.errors import DataError
from dendrosim.recording.samples import DIMENSIONS
from dendrosim.registry import CELLS

ERROR = "error"
"""The local error ξ, an observable of every kind of cell."""
COLOUR = re.compile("#[0-9A-Fa-f]{6}")

_COMPARTMENTS = TypeAdapter(tuple[Compartment, ...])
_NAMES = {"units": "unit"} | {name: name for name in ("long_name", "label", "symbol", "colour", "dash", "panel")}


def attributes_of(observable: Observable) -> dict[str, str]:
    """Return the attributes that say in a file what a variable is."""
    values = asdict(observable)
    return {attribute: values[field] for attribute, field in _NAMES.items()}


def observable(dataset: xr.Dataset, name: str) -> Observable:
    """Return what a variable is.

    Raises
    ------
    ValueError
        Its attributes cannot be drawn: no text, no colour such as ``#0072B2``, or no dash.
    """
    kind = CELLS.loaded(str(dataset.attrs.get("cell", "")))
    known = kind.observables.get(name) if kind is not None else None
    values = asdict(known or Observable(name, name, name))
    values |= {field: dataset[name].attrs[key] for key, field in _NAMES.items() if key in dataset[name].attrs}
    if not all(isinstance(values[field], str) for field in _NAMES.values()):
        raise ValueError(f"an attribute of '{name}' is no text")
    if not COLOUR.fullmatch(values["colour"]) or values["dash"] not in get_args(Dash):
        raise ValueError(f"the colour or the dash of '{name}' is none")
    return Observable(**values)


def compartments_as_text(compartments: tuple[Compartment, ...]) -> str:
    """Return compartments as the attribute ``compartments`` of a recording."""
    return _COMPARTMENTS.dump_json(compartments).decode()


def compartments(dataset: xr.Dataset) -> tuple[Compartment, ...]:
    """Return the compartments of the recorded cells; none where the recording does not know them.

    Raises
    ------
    ValueError
        The attribute ``compartments`` is damaged.
    """
    if "compartments" in dataset.attrs:
        found = _COMPARTMENTS.validate_json(dataset.attrs["compartments"])
        for compartment in found:
            if not set(compartment.drawn) <= set(DRAWN):
                raise ValueError(f"a compartment is drawn as {', '.join(compartment.drawn)}, which no neuron has")
        return found
    kind = CELLS.loaded(str(dataset.attrs.get("cell", "")))
    return () if kind is None else kind.compartments


def recorded_variables(dataset: xr.Dataset) -> list[str]:
    """Return what was recorded over time: potentials of compartments from below to above, the error, the rest."""
    there = [str(name) for name, variable in dataset.data_vars.items() if variable.dims == DIMENSIONS]
    first = [*(compartment.shown_by[0] for compartment in compartments(dataset)), ERROR]
    return [*(name for name in first if name in there), *(name for name in there if name not in first)]


def coloured(dataset: xr.Dataset) -> dict[Compartment, str]:
    """Return the compartments with the variable that colours each: the first of its own that was recorded.

    Raises
    ------
    DataError
        Nothing of a compartment was recorded, or the recording does not know its compartments.
    """
    found = {}
    for compartment in compartments(dataset):
        shown = [name for name in compartment.shown_by if name in dataset]
        if not shown:
            raise DataError(
                f"this recording holds no '{compartment.shown_by[0]}'; record it, or choose what does without."
            )
        found[compartment] = shown[0]
    if not found:
        raise DataError("this recording does not say which compartments its cells have; make it again.")
    return found


def activities(dataset: xr.Dataset) -> list[str]:
    """Return the variables that colour compartments and can be drawn beside the error: those without a unit.

    Raises
    ------
    DataError
        None of them was recorded.
    """
    found = [name for name in coloured(dataset).values() if observable(dataset, name).unit == "1"]
    if not found:
        raise DataError("this recording holds potentials with units only; record the activities, too.")
    return found


def slowest(attributes: Mapping[Any, Any]) -> float:
    """Return the slowest time constant of the recorded cells, ms: how long figures are.

    Raises
    ------
    DataError
        The recording does not say it.
    """
    for name in ("slowest", "tau_soma"):  # earlier versions said the latter only
        if name in attributes:
            return float(attributes[name])
    raise DataError("this recording holds no 'slowest' time constant; record it, or choose what does without.")
