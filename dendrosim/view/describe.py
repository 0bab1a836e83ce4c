"""What stands on the page in words: targets, convergence, provenance; and how stimulus and prediction are drawn."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import xarray as xr

from dendrosim.recording.appearance import compartments, observable
from dendrosim.registry import CELLS

NUMBERS_OF_A_TARGET = 12
COLOUR_IMAGE = (3, 32, 32)
"""Images of CIFAR and SVHN, which some models read as flat vectors."""

PROVENANCE = {
    "model": ("model", ""),
    "architecture": ("architecture", ""),
    "weights": ("digest of the weights", ""),
    "fingerprint": ("fingerprint", ""),
    "target": ("target of the generated code", ""),
    "dtype": ("precision", ""),
    "integrator": ("integrator", ""),
    "dt": ("time step dt", "ms"),
    "tolerance": ("tolerance of convergence", ""),
    "start": ("start", ""),
    "cell": ("cell", ""),
    "settles": ("whether the cells have a fixed point", ""),
    "slowest": ("slowest time constant", "ms"),
    "teacher": ("teacher", ""),
    "reason": ("why the relaxation stopped", ""),
    "dendrosim": ("version of dendrosim", ""),
    "brian2": ("version of Brian2", ""),
    "numpy": ("version of NumPy", ""),
    "python": ("version of Python", ""),
    "command": ("command", ""),
    "seed": ("seed", ""),
    "description": ("description of the model", ""),
}
"""What the attributes of a recording mean, and their units; others are shown by their own name."""


def provenance(dataset: xr.Dataset) -> dict[str, str]:
    """Return name and value of every attribute, the known ones first."""
    kind = CELLS.loaded(str(dataset.attrs.get("cell", "")))
    meanings = PROVENANCE | dict(kind.provenance_in_words if kind is not None else {})
    known = {name: dataset.attrs[name] for name in meanings if name in dataset.attrs}
    lines = {}
    for name, value in (known | dataset.attrs).items():
        if name == "compartments":
            continue  # the drawing shows them
        words, unit = meanings.get(name, (name, ""))
        lines[words] = f"{value:.6g} {unit}".strip() if isinstance(value, int | float | np.number) else str(value)
    return lines


def convergence(dataset: xr.Dataset, presentation: int) -> str:
    """Say when a presentation was converged, or by how much it still moved."""
    if "convergence_time" not in dataset:
        return "The recording does not say whether it converged."
    since = float(dataset["convergence_time"][presentation])
    tolerance = f"{dataset.attrs['tolerance']:g}".replace("-", "−") if "tolerance" in dataset.attrs else "the tolerance"
    if np.isfinite(since):
        return f"Locally converged since {since:.6g} ms: every τ|d/dt| is below {tolerance}."
    if not dataset.attrs.get("settles", True):
        return f"Ended by time: cells of kind '{dataset.attrs.get('cell', 'unknown')}' have no fixed point."
    moved = f"{float(dataset['residual'][presentation]):.3g}" if "residual" in dataset else "more"
    return f"Not converged: at the end, compartments still moved by {moved} in a time constant, above {tolerance}."


def opening(dataset: xr.Dataset) -> str:
    """Say what happens at the first moment, with which the page opens."""
    first = f"At {float(dataset['time'][0]):g} ms"
    if not taught(dataset):
        return f"{first} the stimulus appears; nothing teaches the output."
    if dataset.attrs.get("start") == "settled":
        return f"{first} the target appears, to a network that had settled without it."
    return f"{first} stimulus and target appear."


def taught(dataset: xr.Dataset) -> bool:
    """Return whether the recording has a target that a teacher sets."""
    return "target" in dataset and dataset.attrs.get("teacher") != "none"


def predicting(dataset: xr.Dataset, layers: Sequence[str]) -> str | None:
    """Return the variable in which the output's prediction stands: the basal one without unit; None if not recorded.

    Parameters
    ----------
    dataset : xarray.Dataset
        Of a recording.
    layers : sequence of str
        Those that were recorded, from below to above.
    """
    if not layers or str(dataset.attrs.get("layers", "")).split()[-1:] != [layers[-1]]:
        return None
    names = [name for each in compartments(dataset) if each.receives == "below" for name in each.shown_by]
    return next((name for name in names if name in dataset and observable(dataset, name).unit == "1"), None)


def targets(dataset: xr.Dataset, presentation: int, steps: int) -> list[str]:
    """Say what the target was: one sentence, or one for each step of a sequence."""
    if not taught(dataset):
        return ["none"]
    target = dataset["target"].values[presentation]
    return [_target(row) for row in target] if steps > 1 and target.ndim == 2 else [_target(target.ravel())]


def _target(values: np.ndarray) -> str:
    if len(values) > 1 and np.isin(values, (0, 1)).all() and values.sum() == 1:
        return f"class {values.argmax()} (of 0 to {len(values) - 1})"
    shown = ", ".join(f"{value:.4g}" for value in values[:NUMBERS_OF_A_TARGET])
    more = len(values) > NUMBERS_OF_A_TARGET
    return f"{shown} (the first {NUMBERS_OF_A_TARGET} of {len(values)} numbers)" if more else shown


def stimulus_form(shape: tuple[int, ...], steps: int) -> tuple[str, tuple[int, ...]]:
    """Return how one stimulus is drawn, ``image``, ``colours``, ``channels``, ``sequence`` or ``bars``, and its shape.

    Parameters
    ----------
    shape : tuple of int
        Of one stimulus.
    steps : int
        Steps of the sequence, 1 where there is none.
    """
    if steps > 1 and len(shape) == 2:
        return "sequence", shape
    if shape == (math.prod(COLOUR_IMAGE),):
        shape = COLOUR_IMAGE
    if len(shape) == 1 and shape[0] >= 16 and round(shape[0] ** 0.5) ** 2 == shape[0]:
        shape = (round(shape[0] ** 0.5),) * 2
    if len(shape) == 3 and shape[0] == 1:
        shape = shape[1:]
    if len(shape) == 2:
        return "image", shape
    if len(shape) == 3 and shape[0] == 3:
        return "colours", shape
    if len(shape) == 3:
        return "channels", (shape[0], shape[1] * shape[2])
    return "bars", (math.prod(shape),)
