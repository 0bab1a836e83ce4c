"""Weights of chosen synapses, once or over the epochs of a learning."""

from __future__ import annotations

import numpy as np
import xarray as xr

from dendrosim.model import Model, Parameters
from dendrosim.recording.record import Record

WEIGHTS = {"weight": ("W", "feedforward weight W"), "feedback_weight": ("theta", "feedback weight Θ")}
PLACES = ("post", "pre", "row", "column")


def synapses(model: Model, record: Record, parameters: Parameters, epoch: int = 0) -> xr.Dataset:
    """Return the weights of the recorded synapses over (epoch, synapse); NaN where a connection has no feedback.

    Parameters
    ----------
    model : Model
        The network.
    record : Record
        Which synapses.
    parameters : Parameters
        Its weights.
    epoch : int
        After how many epochs of learning.

    Raises
    ------
    DataError
        The model has no such synapse.
    """
    places = record.places(model)
    variables = {}
    for variable, (kind, long_name) in WEIGHTS.items():
        matrices = getattr(parameters, kind)
        values = [_weights(matrices.get(name), where) for name, where in places.items()]
        attributes = {"units": "1", "long_name": long_name}
        variables[variable] = (("epoch", "synapse"), np.concatenate([np.empty(0), *values])[None], attributes)
    names = [name for name, where in places.items() for _ in where]
    # A synapse of a dense connection has no place in a kernel.
    padded = [np.pad(where, ((0, 0), (0, len(PLACES) - where.shape[1]))) for where in places.values()]
    axes = np.concatenate([np.empty((0, len(PLACES)), int), *padded])
    coordinates = {"connection": ("synapse", np.array(names, dtype=str)), "epoch": [epoch]}
    return xr.Dataset(variables, coordinates | {axis: ("synapse", axes[:, n]) for n, axis in enumerate(PLACES)})


def _weights(matrix: np.ndarray | None, places: np.ndarray) -> np.ndarray:
    return np.full(len(places), np.nan) if matrix is None else np.asarray(matrix)[tuple(places.T)]
