"""What was simulated together, as the part of a recording that it becomes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from dendrosim.cells import Observable
from dendrosim.recording.appearance import attributes_of
from dendrosim.recording.samples import DIMENSIONS


def piece(
    time: np.ndarray,
    samples: Mapping[str, Mapping[str, np.ndarray]],
    observables: Mapping[str, Observable],
    neurons: Mapping[str, np.ndarray],
    steps: int,
    settled: np.ndarray,
    residual: np.ndarray,
) -> xr.Dataset:
    """Make the dataset of presentations that were simulated together.

    Parameters
    ----------
    time : array of shape (time,)
        ms.
    samples : mapping
        ``samples[variable][layer]`` of shape (presentation, time, step, neuron).
    observables : mapping of str to Observable
        What the variables are.
    neurons : mapping of str to array
        Indices of the recorded neurons by layer, in the order of their layers.
    steps : int
        Steps of the sequence; each neuron is recorded once for each step.
    settled : array of shape (presentation,)
        Time in ms since when each was converged; NaN where it was not.
    residual : array of shape (presentation,)
        The largest τ|d·/dt| at the end.
    """
    variables: dict[str, Any] = {}
    for variable, by_layer in samples.items():
        shape = (len(settled), len(time))
        missing = {layer: np.full((*shape, steps * len(index)), np.nan) for layer, index in neurons.items()}
        found = {layer: block.reshape(*shape, -1) for layer, block in by_layer.items()}
        # The first block is empty, for a recording of no neurons at all.
        blocks = [np.empty((*shape, 0)), *(found.get(layer, missing[layer]) for layer in neurons)]
        content = np.concatenate(blocks, axis=2)
        variables[variable] = (DIMENSIONS, content, attributes_of(observables[variable]))
    variables["convergence_time"] = (
        "presentation",
        settled,
        {"units": "ms", "long_name": "time since when all compartments are below tolerance"},
    )
    variables["residual"] = "presentation", residual, {"units": "1", "long_name": "largest τ|d/dt| at the end"}
    coordinates = {
        "time": time,
        "layer": ("neuron", [layer for layer, index in neurons.items() for _ in range(steps * len(index))]),
        "step": ("neuron", [step for index in neurons.values() for step in range(steps) for _ in index]),
        "index": ("neuron", [int(cell) for index in neurons.values() for _ in range(steps) for cell in index]),
    }
    return xr.Dataset(variables, coordinates)
