"""Weight changes of a circuit at local convergence, computed from the potentials of its cells."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping

import numpy as np

from dendrosim.circuit import kernels
from dendrosim.errors import CircuitError, OtherPrediction
from dendrosim.model import Model, Parameters
from dendrosim.model.connections import Connection
from dendrosim.model.local_update import LocalUpdate, LocalUpdates
from dendrosim.registry import RULES

READ = ("basal", "error", "delta")  # by local updates, whatever the cells call it

Cells = Mapping[str, np.ndarray]
CellState = Mapping[str, Cells]


def local_updates(model: Model) -> LocalUpdates:
    """Return how the weights of a model change by its rule, by what meets at each synapse.

    Raises
    ------
    CircuitError
        Its rule needs more than that.
    """
    updates: LocalUpdates | None = RULES[model.training.rule].local_updates(model)
    if updates is None:
        raise CircuitError(
            f"a circuit cannot learn by '{model.training.rule}', which needs more than what meets at each synapse; set "
            "training.rule to 'dll' or to another rule with local updates."
        )
    return updates


def warn_of_other_prediction(model: Model, stacklevel: int) -> None:
    """Warn where the outputs of the circuit are not what the network predicts under its rule."""
    if not RULES[model.training.rule].predicts_bottom_up():
        warnings.warn(
            f"'{model.training.rule}' predicts otherwise than by the bottom-up sweep to which this circuit settles; "
            "take its predictions from Run.predict.",
            OtherPrediction,
            stacklevel=stacklevel + 1,
        )


def equilibrium_updates(model: Model, state: CellState) -> Parameters:
    """Return ΔW, Δb and ΔΘ at local convergence, the mean over presentations, without the decay.

    They are the local updates of the model's rule.

    Parameters
    ----------
    model : Model
        Gives the rule.
    state : mapping
        ``state[layer][variable]`` of shape (presentation, cell) or, along a sequence, (presentation, step, cell):
        what the cells send up and down, and their error.

    Raises
    ------
    CircuitError
        The rule has no local updates.
    """
    updates, local, ports = Parameters(), local_updates(model), model.cell.wiring
    state = {
        layer: {name: cells[ports.variable(name)] for name in READ if ports.variable(name) in cells}
        for layer, cells in state.items()
    }
    for connection in model.connections:
        name, below, above = connection.name, state[connection.below], state[connection.above]
        if local.W is not None:
            updates.W[name] = _change(connection, local.W, below, above)
        if local.W is not None and connection.has_bias:
            delta, count = _above(connection, above["delta"])
            updates.bias[name] = local.W.sign * delta.sum(axis=(0, *range(2, delta.ndim))) / count
        if connection.has_feedback and local.theta is not None:
            updates.theta[name] = _change(connection, local.theta, below, above)
    return updates


def _change(connection: Connection, update: LocalUpdate, below: Cells, above: Cells) -> np.ndarray:
    post, count = _above(connection, above[update.post])
    pre = _below(connection, update.pre, below)
    if connection.kind == "conv2d":
        product = kernels.convolution_outer(post, pre, connection.shape[2:], connection.padding)
    else:
        product = post.T @ pre.reshape(len(pre), math.prod(connection.source_shape))
    return update.sign * product / count


def _above(connection: Connection, cells: np.ndarray) -> tuple[np.ndarray, int]:
    """Return the layer above as rows, and of how many rows a mean is: the first steps of a lag have no partner."""
    count = cells.size // cells.shape[-1]
    return cells[:, connection.lag :].reshape(-1, *connection.above_shape), count


def _below(connection: Connection, variable: str, cells: Cells) -> np.ndarray:
    """Return a variable of the layer below as rows, where the weights see it; the last steps of a lag are left out."""
    basal, seen = (
        (array[:, : array.shape[1] - connection.lag] if connection.lag else array).reshape(-1, *connection.below_shape)
        for array in (cells["basal"], cells[variable])
    )
    pooling = connection.pooling
    if pooling is None:
        return seen
    if pooling.kind == "max-pool":
        return kernels.take(seen, kernels.max_pool(basal, pooling.window)[1])
    windows = kernels.pool_windows(seen, pooling.window)
    return windows.mean(axis=-1) if variable == "basal" else windows.sum(axis=-1)
