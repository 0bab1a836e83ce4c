"""A connection in the equilibrium engine: the map between two layers, and the pool in front of it."""

from __future__ import annotations

from torch import Tensor

from dendrosim.equilibrium.maps import map_of, pool_of
from dendrosim.model.connections import Connection


class Projection:
    """One connection, with the three operations on layers instead of on what the weights see.

    Parameters
    ----------
    connection : Connection
        What it joins, and how.
    """

    def __init__(self, connection: Connection):
        self.connection = connection
        self.name, self.below, self.above, self.lag = (
            connection.name,
            connection.below,
            connection.above,
            connection.lag,
        )
        self._map, self._pool = map_of(connection), pool_of(connection)

    def source(self, u: Tensor) -> tuple[Tensor, Tensor]:
        """Return what the weights see of the layer below, and what the pool needs to go back."""
        return self._pool.pool(u) if self._pool else (u, u)

    def apply(self, W: Tensor, bias: Tensor | None, source: Tensor) -> Tensor:
        """Return the drive of the layer above."""
        return self._map.apply(W, bias, source)

    def adjoint(self, theta: Tensor, delta: Tensor, where: Tensor) -> Tensor:
        """Return the feedback to the layer below."""
        feedback = self._map.adjoint(theta, delta)
        return self._pool.unpool(feedback, where) if self._pool else feedback

    def outer(self, delta: Tensor, source: Tensor) -> Tensor:
        """Return ⟨δ u^T⟩ for the pair of layers; along a sequence, for pairs `lag` steps apart."""
        if self.lag:
            steps = delta.shape[1]
            share = (steps - self.lag) / steps  # the mean is over all steps, and the first have no pair
            return share * self._map.outer(delta[:, self.lag :], source[:, : -self.lag])
        return self._map.outer(delta, source)

    def outer_bias(self, delta: Tensor) -> Tensor:
        """Return ⟨δ⟩."""
        return self._map.outer_bias(delta)

    def outer_error(self, delta: Tensor, error: Tensor, where: Tensor) -> Tensor:
        """Return ⟨δ ξ^T⟩ for the error ξ of the layer below, read where the weights see it."""
        return self.outer(delta, self._pool.gather(error, where) if self._pool else error)
