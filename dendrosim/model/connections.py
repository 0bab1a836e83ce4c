"""How the layers of a description are joined: one connection for each matrix of weights."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class Pooling:
    """What is taken of each size x size window of the layer below, of ``shape`` (channels, height, width)."""

    kind: Literal["max-pool", "average-pool"]
    size: int
    shape: tuple[int, ...]

    @property
    def window(self) -> tuple[int, int]:
        """Height and width of a window."""
        return self.size, self.size

    @property
    def pooled_shape(self) -> tuple[int, ...]:
        """Shape after pooling; cells beyond the last whole window are left out."""
        channels, height, width = self.shape
        return channels, height // self.size, width // self.size


@dataclass(frozen=True)
class Connection:
    """Weights from one layer of cells to another.

    Attributes
    ----------
    name : str
        Name of its parameters: the layer above, or ``hidden-1-recurrent``.
    kind : {"dense", "conv2d"}
        Whether weights are shared over positions.
    below, above : str
        The layers it joins.
    below_shape, above_shape : tuple of int
        Their shapes: (cells,) or (channels, height, width).
    shape : tuple of int
        Of W and Θ: (post, pre), or (channels above, channels below, kernel, kernel).
    padding : int
        Rows and columns of zeros around the layer below, for ``conv2d``.
    pooling : Pooling, optional
        What happens to the layer below first.
    lag : int
        By how many steps of the sequence the layer below is older than the layer above.
    """

    name: str
    kind: Literal["dense", "conv2d"]
    below: str
    above: str
    below_shape: tuple[int, ...]
    above_shape: tuple[int, ...]
    shape: tuple[int, ...]
    padding: int = 0
    pooling: Pooling | None = None
    lag: int = 0

    @property
    def has_feedback(self) -> bool:
        """Whether it has feedback weights Θ; nothing is fed back to the stimulus."""
        return self.below != "input"

    @property
    def has_bias(self) -> bool:
        """Whether it carries the bias of the layer above; a recurrent connection leaves that to the one from below."""
        return self.lag == 0

    @property
    def source_shape(self) -> tuple[int, ...]:
        """Shape of what the weights see: the layer below after pooling."""
        return self.pooling.pooled_shape if self.pooling else self.below_shape

    @property
    def fan_in(self) -> int:
        """Number of cells below that one cell above receives from."""
        return math.prod(self.shape[1:])

    @property
    def fan_out(self) -> int:
        """Number of cells above that feed back to one cell below."""
        return self.shape[0] * math.prod(self.shape[2:])


def connect(stimulus: tuple[int, ...], layers: Sequence[Any]) -> tuple[Connection, ...]:
    """Join the layers of a description.

    Parameters
    ----------
    stimulus : tuple of int
        Shape of one stimulus.
    layers : sequence
        The layers of :class:`~dendrosim.model.spec.Model`.

    Raises
    ------
    ValueError
        A layer does not fit on the one below; the sentence names both and the remedy.
    """
    connections: list[Connection] = []
    below, shape, pooling = "input", _cells_of(stimulus, layers), None
    hidden = 0
    for index, layer in enumerate(layers):
        where = f"layers.{index} ({layer.kind})"
        if layer.kind in ("max-pool", "average-pool"):
            if pooling is not None:
                raise ValueError(f"{where} follows another pool; join the two, or put a layer of cells between them")
            pooling = Pooling(layer.kind, layer.size, _image(shape, where))
            if min(pooling.pooled_shape) < 1:
                raise ValueError(f"{where} is larger than the {shape[1]} x {shape[2]} cells below; make it smaller")
            continue
        hidden += 1
        above = "output" if index == len(layers) - 1 else f"hidden-{hidden}"
        source = pooling.pooled_shape if pooling else shape
        connection = _connection(layer, where, below, above, shape, source, pooling)
        connections.append(connection)
        if layer.kind == "recurrent":
            units = connection.above_shape
            connections.append(
                Connection(f"{above}-recurrent", "dense", above, above, units, units, (units[0], units[0]), lag=1)
            )
        below, shape, pooling = above, connection.above_shape, None
    return tuple(connections)


def _connection(
    layer: Any,
    where: str,
    below: str,
    above: str,
    below_shape: tuple[int, ...],
    source: tuple[int, ...],
    pooling: Pooling | None,
) -> Connection:
    if layer.kind == "conv2d":
        channels, height, width = _image(source, where)
        if layer.padding >= layer.kernel:
            raise ValueError(
                f"{where}: padding {layer.padding} must be smaller than the kernel of {layer.kernel}; lower it"
            )
        size = [length + 2 * layer.padding - layer.kernel + 1 for length in (height, width)]
        if min(size) < 1:
            raise ValueError(f"{where}: a kernel of {layer.kernel} is larger than the {height} x {width} cells below")
        above_shape = (layer.channels, *size)
        shape: tuple[int, ...] = (layer.channels, channels, layer.kernel, layer.kernel)
        return Connection(above, "conv2d", below, above, below_shape, above_shape, shape, layer.padding, pooling)
    shape = (layer.units, math.prod(source))
    return Connection(above, "dense", below, above, below_shape, (layer.units,), shape, 0, pooling)


def _cells_of(stimulus: tuple[int, ...], layers: Sequence[Any]) -> tuple[int, ...]:
    """Shape of the input layer: a sequence has its steps first."""
    if any(layer.kind == "recurrent" for layer in layers):
        if len(stimulus) != 2:
            raise ValueError(f"input {list(stimulus)} feeds a recurrent network; write it as [steps, cells]")
        if any(layer.kind not in ("recurrent", "dense") for layer in layers):
            raise ValueError("a recurrent network has recurrent and dense layers only; leave the others out")
        return stimulus[1:]
    if len(stimulus) == 2:
        raise ValueError(f"input {list(stimulus)} is neither [cells] nor [channels, height, width]; write one of these")
    return stimulus


def _image(shape: tuple[int, ...], where: str) -> tuple[int, ...]:
    if len(shape) != 3:
        raise ValueError(
            f"{where} needs [channels, height, width] below it and finds {list(shape)}; change one of them"
        )
    return shape
