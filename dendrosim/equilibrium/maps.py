"""The maps between layers, each with three operations: the drive, the feedback and the update."""

from __future__ import annotations

from typing import Protocol

from torch import Tensor
from torch.nn import functional
from torch.nn.grad import conv2d_weight

from dendrosim.model.connections import Connection, Pooling


class Map(Protocol):
    """What joins two layers: linear in the activity below, with weights that it does not hold itself."""

    def apply(self, W: Tensor, bias: Tensor | None, u: Tensor) -> Tensor:
        """Return the drive z = W u + b."""
        ...

    def adjoint(self, theta: Tensor, delta: Tensor) -> Tensor:
        """Return the feedback Θ^T δ, of the shape of u."""
        ...

    def outer(self, delta: Tensor, u: Tensor) -> Tensor:
        """Return ⟨δ u^T⟩, the mean over presentations, of the shape of W."""
        ...

    def outer_bias(self, delta: Tensor) -> Tensor:
        """Return ⟨δ⟩, of the shape of the bias."""
        ...


class Dense:
    """Every cell above receives from every cell below; leading axes are presentations (and steps of a sequence)."""

    def __init__(self, source_shape: tuple[int, ...]):
        self._source_shape = source_shape

    def apply(self, W: Tensor, bias: Tensor | None, u: Tensor) -> Tensor:
        """Return W u + b; `u` of shape (..., *source shape), W (post, pre), bias (post,)."""
        return functional.linear(self._flat(u), W, bias)

    def adjoint(self, theta: Tensor, delta: Tensor) -> Tensor:
        """Return Θ^T δ; `delta` of shape (..., post), Θ (post, pre)."""
        return (delta @ theta).unflatten(-1, self._source_shape)

    def outer(self, delta: Tensor, u: Tensor) -> Tensor:
        """Return the mean over all leading axes of δ u^T, shape (post, pre)."""
        rows = delta.flatten(0, -2)
        return rows.T @ self._flat(u).flatten(0, -2) / len(rows)

    def outer_bias(self, delta: Tensor) -> Tensor:
        """Return the mean over all leading axes of δ, shape (post,)."""
        return delta.flatten(0, -2).mean(dim=0)

    def _flat(self, u: Tensor) -> Tensor:
        return u.flatten(-len(self._source_shape))


class Conv2d:
    """Every cell above receives from a window below, through a kernel that is shared over positions."""

    def __init__(self, shape: tuple[int, ...], padding: int):
        self._shape, self._padding = shape, padding

    def apply(self, W: Tensor, bias: Tensor | None, u: Tensor) -> Tensor:
        """Return W ⋆ u + b; `u` of shape (presentation, channels, height, width)."""
        return functional.conv2d(u, W, bias, padding=self._padding)

    def adjoint(self, theta: Tensor, delta: Tensor) -> Tensor:
        """Return the transposed convolution of `delta` with Θ."""
        return functional.conv_transpose2d(delta, theta, padding=self._padding)

    def outer(self, delta: Tensor, u: Tensor) -> Tensor:
        """Return the mean over presentations of δ u^T, summed over positions."""
        return conv2d_weight(u, self._shape, delta, padding=self._padding) / len(u)

    def outer_bias(self, delta: Tensor) -> Tensor:
        """Return the mean over presentations of δ, summed over positions."""
        return delta.sum(dim=(2, 3)).mean(dim=0)


class MaxPool:
    """The largest of each window; feedback goes to the cell that was largest."""

    def __init__(self, pooling: Pooling):
        self._size, self._shape = pooling.size, pooling.shape

    def pool(self, u: Tensor) -> tuple[Tensor, Tensor]:
        """Return the largest of each window, and where it was."""
        return functional.max_pool2d(u, self._size, return_indices=True)

    def unpool(self, feedback: Tensor, where: Tensor) -> Tensor:
        """Send feedback back to where the largest were."""
        return functional.max_unpool2d(feedback, where, [self._size, self._size], output_size=list(self._shape[1:]))

    def gather(self, error: Tensor, where: Tensor) -> Tensor:
        """Read the error of the cells that were largest: what :meth:`unpool` had sent there."""
        return error.flatten(2).gather(2, where.flatten(2)).view_as(where)


class AveragePool:
    """The mean of each window; feedback is spread evenly."""

    def __init__(self, pooling: Pooling):
        self._size, self._shape = pooling.size, pooling.shape

    def pool(self, u: Tensor) -> tuple[Tensor, Tensor]:
        """Return the mean of each window; the second value is not used."""
        return functional.avg_pool2d(u, self._size), u

    def unpool(self, feedback: Tensor, where: Tensor) -> Tensor:
        """Spread feedback evenly over each window; cells beyond the last whole window get none."""
        spread = feedback.repeat_interleave(self._size, 2).repeat_interleave(self._size, 3) / self._size**2
        beyond = [total - reached for total, reached in zip(self._shape[1:], spread.shape[2:], strict=True)]
        return functional.pad(spread, (0, beyond[1], 0, beyond[0]))

    def gather(self, error: Tensor, where: Tensor) -> Tensor:
        """Sum the error of each window: what :meth:`unpool` had spread there."""
        return functional.avg_pool2d(error, self._size) * self._size**2


def map_of(connection: Connection) -> Map:
    """Return the map of a connection."""
    if connection.kind == "conv2d":
        return Conv2d(connection.shape, connection.padding)
    return Dense(connection.source_shape)


def pool_of(connection: Connection) -> MaxPool | AveragePool | None:
    """Return the pool in front of a connection, if there is one."""
    if connection.pooling is None:
        return None
    return (MaxPool if connection.pooling.kind == "max-pool" else AveragePool)(connection.pooling)
