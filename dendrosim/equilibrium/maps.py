"""The maps between layers, each with three operations: the drive, the feedback and the update."""

from __future__ import annotations

from collections.abc import Mapping
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any, Self

import torch
from torch import Tensor
from torch.nn import functional

from dendrosim.equilibrium.torch_internals import average_pool_backward, convolution_backward, max_pool_backward
from dendrosim.model.connections import Connection, Pooling, positions_seen

SUBSTITUTES: ContextVar[Mapping[type, type]] = ContextVar("substitutes of maps", default=MappingProxyType({}))
"""Subclasses that are made in the place of the maps below, in one context (and thread) alone: the audit watches so."""


class Map:
    """What joins two layers: linear in the activity below, with weights that it does not hold itself."""

    def __new__(cls, *arguments: Any) -> Self:
        """Make a map, or what stands in its place in the present context."""
        return super().__new__(SUBSTITUTES.get().get(cls, cls))

    def apply(self, W: Tensor, bias: Tensor | None, u: Tensor) -> Tensor:
        """Return the drive z = W u + b."""
        raise NotImplementedError

    def adjoint(self, theta: Tensor, delta: Tensor) -> Tensor:
        """Return the feedback Θ^T δ, of the shape of u."""
        raise NotImplementedError

    def outer(self, delta: Tensor, u: Tensor) -> Tensor:
        """Return ⟨δ u^T⟩, the mean over presentations, of the shape of W."""
        raise NotImplementedError

    def outer_bias(self, delta: Tensor) -> Tensor:
        """Return ⟨δ⟩, of the shape of the bias."""
        raise NotImplementedError

    def positions(self) -> list[list[int]] | int:
        """Return over how many positions :meth:`outer` sums for each entry of W, in a shape that broadcasts to it."""
        return 1

    def mirror(self, W: Tensor, noise: Tensor) -> Tensor:
        """Return what noise ζ below and what it becomes above tell of W: ⟨ρ ζ^T⟩ with ρ = W ζ, whose mean is W.

        Parameters
        ----------
        W : Tensor
            The weights that the noise passes.
        noise : Tensor of shape (sample, *source shape)
            ζ, independent and of variance 1.
        """
        product = self.outer(self.apply(W, None, noise), noise)
        positions = torch.tensor(self.positions(), dtype=product.dtype)
        return product.div_(positions.to(product.device, non_blocking=True))


class Dense(Map):
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
        # The factor is given to the product, because a second pass over the result would cost as much again.
        return torch.addmm(rows.new_empty(()), rows.T, self._flat(u).flatten(0, -2), beta=0, alpha=1 / len(rows))

    def outer_bias(self, delta: Tensor) -> Tensor:
        """Return the mean over all leading axes of δ, shape (post,)."""
        rows = delta.flatten(0, -2)
        return torch.addmv(rows.new_empty(()), rows.T, rows.new_ones(len(rows)), beta=0, alpha=1 / len(rows))

    def _flat(self, u: Tensor) -> Tensor:
        return u.flatten(-len(self._source_shape))


class Conv2d(Map):
    """Every cell above receives from a window below, through a kernel that is shared over positions."""

    def __init__(self, shape: tuple[int, ...], source_shape: tuple[int, ...], padding: int):
        self._shape, self._source_shape, self._padding = shape, source_shape, (padding, padding)

    def apply(self, W: Tensor, bias: Tensor | None, u: Tensor) -> Tensor:
        """Return W ⋆ u + b; `u` of shape (presentation, channels, height, width)."""
        return functional.conv2d(u, W, bias, padding=self._padding)

    def adjoint(self, theta: Tensor, delta: Tensor) -> Tensor:
        """Return the transposed convolution of `delta` with Θ."""
        below = theta.new_zeros(()).expand(len(delta), *self._source_shape)  # only its shape is read
        return convolution_backward(delta, below, theta, self._padding, (True, False, False))[0]

    def outer(self, delta: Tensor, u: Tensor) -> Tensor:
        """Return the mean over presentations of δ u^T, summed over positions."""
        kernel = delta.new_zeros(()).expand(self._shape)  # only its shape is read
        return convolution_backward(delta, u, kernel, self._padding, (False, True, False))[1].div_(len(u))

    def adjoint_and_outer(self, theta: Tensor, delta: Tensor, u: Tensor) -> tuple[Tensor, Tensor]:
        """Return :meth:`adjoint` and :meth:`outer` at once, which rearranges `delta` only once."""
        feedback, update, _ = convolution_backward(delta, u, theta, self._padding, (True, True, False))
        return feedback, update.div_(len(u))

    def positions(self) -> list[list[int]]:
        """Return how many windows have each entry of the kernel within the layer below; 1 for one always outside it."""
        seen = positions_seen(self._shape[2:], self._source_shape[1:], self._padding[0])
        return [[max(1, number) for number in row] for row in seen]

    def outer_bias(self, delta: Tensor) -> Tensor:
        """Return the mean over presentations of δ, summed over positions."""
        return delta.sum(dim=(2, 3)).mean(dim=0)


class MaxPool:
    """The largest of each window; feedback goes to the cell that was largest."""

    def __init__(self, pooling: Pooling):
        self._window, self._shape = pooling.window, pooling.shape

    def pool(self, u: Tensor) -> tuple[Tensor, Tensor]:
        """Return the largest of each window, and where it was."""
        return functional.max_pool2d(u, self._window, return_indices=True)

    def again(self, u: Tensor, where: Tensor) -> Tensor:
        """Return what is where the largest were."""
        return self.gather(u, where)

    def unpool(self, feedback: Tensor, where: Tensor) -> Tensor:
        """Send feedback back to where the largest were."""
        shape = (len(feedback), *self._shape)
        # Only the shape and the order of its strides are read.
        below = torch.empty(shape, dtype=feedback.dtype, device=feedback.device, memory_format=torch.channels_last)
        return max_pool_backward(feedback, below, self._window, where)

    def gather(self, error: Tensor, where: Tensor) -> Tensor:
        """Read the error of the cells that were largest: what :meth:`unpool` had sent there."""
        return error.flatten(2).gather(2, where.flatten(2)).view_as(where)


class AveragePool:
    """The mean of each window; feedback is spread evenly."""

    def __init__(self, pooling: Pooling):
        self._window, self._shape = pooling.window, pooling.shape

    def pool(self, u: Tensor) -> tuple[Tensor, Tensor]:
        """Return the mean of each window; the second value is not used."""
        return functional.avg_pool2d(u, self._window), u

    def again(self, u: Tensor, where: Tensor) -> Tensor:
        """Return the mean of each window: nothing was chosen."""
        return functional.avg_pool2d(u, self._window)

    def unpool(self, feedback: Tensor, where: Tensor) -> Tensor:
        """Spread feedback evenly over each window; cells beyond the last whole window get none."""
        return average_pool_backward(feedback, where, self._window)

    def gather(self, error: Tensor, where: Tensor) -> Tensor:
        """Sum the error of each window: what :meth:`unpool` had spread there."""
        return functional.avg_pool2d(error, self._window) * (self._window[0] * self._window[1])


def channels_last(images: Tensor) -> Tensor:
    """Return images or kernels of shape (..., channels, height, width) with their channels side by side in memory.

    Convolutions and pools are faster so. The strides are written out, because with a single channel both orders have
    the same shape in memory, and torch would choose the slow one. Everything else comes back as it is.
    """
    if images.ndim != 4:
        return images
    arranged = torch.empty(images.shape, dtype=images.dtype, device=images.device, memory_format=torch.channels_last)
    return arranged.copy_(images)


def map_of(connection: Connection) -> Map:
    """Return the map of a connection."""
    if connection.kind == "conv2d":
        return Conv2d(connection.shape, connection.source_shape, connection.padding)
    return Dense(connection.source_shape)


def pool_of(connection: Connection) -> MaxPool | AveragePool | None:
    """Return the pool in front of a connection, if there is one."""
    if connection.pooling is None:
        return None
    return (MaxPool if connection.pooling.kind == "max-pool" else AveragePool)(connection.pooling)
