"""How the layers of a description are joined: one connection for each matrix of weights."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal


@dataclass(frozen=True)
class Pooling:
    """What is taken of each window (height, width) of the layer below, of ``shape`` (channels, height, width)."""

    kind: Literal["max-pool", "average-pool"]
    window: tuple[int, int]
    shape: tuple[int, ...]

    @property
    def pooled_shape(self) -> tuple[int, ...]:
        """Shape after pooling; cells beyond the last whole window are left out."""
        channels, height, width = self.shape
        return channels, height // self.window[0], width // self.window[1]


@dataclass(frozen=True)
class Connection:
    """Weights from one layer of cells to another.

    Attributes
    ----------
    name : str
        Name of its parameters: the layer above, ``hidden-1-recurrent``, or ``output-from-hidden-1-branch-2``.
    kind : {"dense", "conv2d"}
        Whether weights are shared over positions.
    below, above : str
        The layers it joins.
    below_shape, above_shape : tuple of int
        Their shapes: (cells,) or (channels, height, width).
    shape : tuple of int
        Of W and Θ: (post, pre), or (channels above, channels below, kernel height, kernel width).
    padding : int
        Rows and columns of zeros around the layer below, for ``conv2d``.
    pooling : Pooling, optional
        What happens to the layer below first.
    lag : int
        By how many steps of the sequence the layer below is older than the layer above.
    has_bias : bool
        Whether it carries the bias of the layer above; of several connections into one layer, the first one does.
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
    has_bias: bool = True

    @property
    def has_feedback(self) -> bool:
        """Whether it has feedback weights Θ; nothing is fed back to the stimulus."""
        return self.below != "input"

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


def positions_seen(kernel: tuple[int, ...], below: tuple[int, ...], padding: int) -> list[list[int]]:
    """Return for each entry of a kernel in how many of its windows it lies within the layer below.

    Parameters
    ----------
    kernel, below : tuple of (height, width)
        Sizes of the kernel and of the layer.
    padding : int
        Cells around the layer.
    """

    def along(across: int, size: int) -> list[int]:
        windows = size + 2 * padding - across + 1
        return [max(0, min(size + padding - at, windows) - max(0, padding - at)) for at in range(across)]

    rows, columns = (along(*each) for each in zip(kernel, below, strict=True))
    return [[row * column for column in columns] for row in rows]


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
    # Where the next layer receives from: one layer, or the branches of one; and the pool that waits for it.
    sources, pool, hidden = [("input", _cells_of(stimulus, layers))], None, 0
    for index, layer in enumerate(layers):
        where = f"layers.{index} ({layer.kind})"
        if layer.kind in ("max-pool", "average-pool"):
            if pool is not None:
                raise ValueError(f"{where} follows another pool; join the two, or put a layer of cells between them")
            pool = layer
            continue
        hidden += 1
        above = "output" if index == len(layers) - 1 else f"hidden-{hidden}"
        if layer.kind == "branches":
            named = [(f"{above}-branch-{number}", branch) for number, branch in enumerate(layer.layers, start=1)]
        else:
            named = [(above, layer)]
        joined = [_join(branch, where, sources, name, pool) for name, branch in named]
        connections += [connection for group in joined for connection in group]
        sources, pool = [(group[0].above, group[0].above_shape) for group in joined], None
    return tuple(connections)


def _join(
    layer: Any, where: str, sources: Sequence[tuple[str, tuple[int, ...]]], above: str, pool: Any
) -> list[Connection]:
    """Join one layer of cells to all that it receives from."""
    if len(sources) > 1 and layer.kind != "dense":
        raise ValueError(f'{where} follows branches, which only kind = "dense" can join; put one between them')
    joined = []
    for number, (below, shape) in enumerate(sources):
        pooling = _pooling(pool, where, shape) if pool else None
        name = above if len(sources) == 1 else f"{above}-from-{below}"
        connection = _connection(layer, where, below, above, shape, pooling)
        joined.append(replace(connection, name=name, has_bias=number == 0))
    if layer.kind == "recurrent":
        units = joined[0].above_shape
        name = f"{above}-recurrent"
        joined.append(Connection(name, "dense", above, above, units, units, units * 2, lag=1, has_bias=False))
    return joined


def _pooling(pool: Any, where: str, shape: tuple[int, ...]) -> Pooling:
    _, height, width = _image(shape, f"the {pool.kind} below {where}")
    window = (height, width) if pool.size == "all" else pair(pool.size)
    pooling = Pooling(pool.kind, window, shape)
    if min(pooling.pooled_shape) < 1:
        raise ValueError(
            f"the {pool.kind} below {where} is larger than the {height} x {width} cells below it; lower it"
        )
    return pooling


def _connection(
    layer: Any, where: str, below: str, above: str, below_shape: tuple[int, ...], pooling: Pooling | None
) -> Connection:
    source = pooling.pooled_shape if pooling else below_shape
    if layer.kind == "conv2d":
        channels, height, width = _image(source, where)
        kernel = pair(layer.kernel)
        if layer.padding >= min(kernel):
            raise ValueError(
                f"{where}: padding {layer.padding} must be smaller than the kernel of {layer.kernel}; lower it"
            )
        size = [length + 2 * layer.padding - across + 1 for length, across in zip((height, width), kernel, strict=True)]
        if min(size) < 1:
            raise ValueError(f"{where}: a kernel of {layer.kernel} is larger than the {height} x {width} cells below")
        above_shape = (layer.channels, *size)
        shape: tuple[int, ...] = (layer.channels, channels, *kernel)
        return Connection(above, "conv2d", below, above, below_shape, above_shape, shape, layer.padding, pooling)
    shape = (layer.units, math.prod(source))
    return Connection(above, "dense", below, above, below_shape, (layer.units,), shape, 0, pooling)


def pair(size: int | tuple[int, int]) -> tuple[int, int]:
    """Return (height, width) of a size that may be written as one number."""
    return (size, size) if isinstance(size, int) else size


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
