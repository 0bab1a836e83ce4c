"""Local heads: beside each hidden layer, cells that predict the target from its activity alone."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from dendrosim.model import Model
from dendrosim.model.connections import Connection, Pooling

if TYPE_CHECKING:
    from dendrosim.equilibrium.projection import Projection

_ACROSS = 8  # a head sees about so many windows of a map across, and so some thousand in all, as in the paper


def decoders(model: Model) -> dict[str, Projection]:
    """Return, by hidden layer, the connection from it to its head, which has as many cells as the output.

    A decoder has no bias; of a convolutional layer it sees the mean activity of each window. Its weights are the
    auxiliary parameter ``hidden-1-decoder``, of shape (output cells, cells or windows of the layer).
    """
    return {layer: _decoder(model, layer) for layer in model.layer_names[:-1]}


def _decoder(model: Model, layer: str) -> Projection:
    from dendrosim.equilibrium.projection import Projection

    below, outputs, pooling = model.shapes[layer], model.sizes[-1], None
    if len(below) == 3:
        height, width = (max(1, length // _ACROSS) for length in below[1:])
        pooling = Pooling("average-pool", (height, width), below)
    seen = math.prod(pooling.pooled_shape if pooling else below)
    name, above = f"{layer}-decoder", f"{layer}-head"
    return Projection(Connection(name, "dense", layer, above, below, (outputs,), (outputs, seen), pooling=pooling))
