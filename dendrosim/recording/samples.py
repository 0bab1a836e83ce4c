"""What is recorded over time, and when: a presentation that ended before others has none of their last samples."""

from __future__ import annotations

import numpy as np
import xarray as xr

DIMENSIONS = ("presentation", "time", "neuron")
"""Of every variable that is recorded over time."""


def recorded_samples(dataset: xr.Dataset) -> np.ndarray:
    """Return at which samples each presentation was recorded: where any neuron has a value.

    Parameters
    ----------
    dataset : xarray.Dataset
        Of a :class:`~dendrosim.recording.Recording`.

    Returns
    -------
    array of bool of shape (presentation, time)
    """
    recorded = np.zeros((dataset.sizes["presentation"], dataset.sizes["time"]), dtype=bool)
    for variable in dataset.data_vars.values():
        if variable.dims == DIMENSIONS:
            recorded |= np.isfinite(variable.values).any(axis=2)
    return recorded
