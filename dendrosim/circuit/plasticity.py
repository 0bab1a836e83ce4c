"""Weight changes that the cells of a circuit ask for, computed from their own potentials."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from dendrosim.circuit import kernels
from dendrosim.model import Model, Parameters
from dendrosim.model.connections import Connection

CellState = Mapping[str, Mapping[str, np.ndarray]]


def equilibrium_updates(model: Model, state: CellState) -> Parameters:
    """Return ΔW, Δb and ΔΘ at local convergence, the mean over presentations, without the decay.

    ΔW = ⟨δ u_below^T⟩; ΔΘ by the model's feedback rule, as in :class:`dendrosim.rules.DendriticLocalizedLearning`.

    Parameters
    ----------
    model : Model
        Gives the feedback rule.
    state : mapping
        ``state[layer][variable]`` of shape (presentation, cell) or, along a sequence, (presentation, step, cell):
        basal, soma and delta.
    """
    updates = Parameters()
    for connection in model.connections:
        name = connection.name
        basal = _rows(connection, state[connection.below]["basal"])
        error = _rows(connection, state[connection.below]["soma"]) - basal if connection.has_feedback else basal
        delta = state[connection.above]["delta"]
        count = delta.size // delta.shape[-1]
        delta = delta[:, connection.lag :].reshape(-1, *connection.above_shape)
        source, source_error = _source(connection, basal, error)
        updates.W[name] = _outer(connection, delta, source) / count
        if connection.has_bias:
            updates.bias[name] = delta.sum(axis=(0, *range(2, delta.ndim))) / count
        if connection.has_feedback and model.rules.dll.feedback == "paper":
            updates.theta[name] = -_outer(connection, delta, source_error) / count
        elif connection.has_feedback and model.rules.dll.feedback == "kolen-pollack":
            updates.theta[name] = updates.W[name].copy()
    return updates


def _rows(connection: Connection, cells: np.ndarray) -> np.ndarray:
    """Return the layer below as rows, without the last steps if the layer above looks back on it."""
    earlier = cells[:, : -connection.lag] if connection.lag else cells
    return earlier.reshape(-1, *connection.below_shape)


def _source(connection: Connection, basal: np.ndarray, error: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return basal potential and error of the layer below where the weights see them."""
    pooling = connection.pooling
    if pooling is None:
        return basal, error
    if pooling.kind == "max-pool":
        pooled, chosen = kernels.max_pool(basal, pooling.window)
        return pooled, kernels.take(error, chosen)
    windows = kernels.pool_windows(basal, pooling.window), kernels.pool_windows(error, pooling.window)
    return windows[0].mean(axis=-1), windows[1].sum(axis=-1)


def _outer(connection: Connection, delta: np.ndarray, source: np.ndarray) -> np.ndarray:
    if connection.kind == "conv2d":
        return kernels.convolution_outer(delta, source, connection.shape[2:], connection.padding)
    return delta.T @ source.reshape(len(source), -1)
