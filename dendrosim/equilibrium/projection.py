"""A connection in the equilibrium engine: the map between two layers, and the pool in front of it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from dendrosim.equilibrium.maps import Conv2d, map_of, pool_of
from dendrosim.model.connections import Connection
from dendrosim.model.local_update import LocalUpdate


class Projection:
    """One connection, with the three operations on layers instead of on what the weights see.

    Parameters
    ----------
    connection : Connection
        What it joins, and how.
    """

    def __init__(self, connection: Connection):
        self.connection = connection
        self.name, self.below, self.above = connection.name, connection.below, connection.above
        self.lag = connection.lag
        self.map, self._pool = map_of(connection), pool_of(connection)

    def source(self, u: Tensor, where: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return what the weights see of the layer below, and what the pool needs to go back.

        A max pool that is told `where` to look does not choose anew.
        """
        if self._pool is None:
            return u, u
        return self._pool.pool(u) if where is None else (self._pool.again(u, where), where)

    def apply(self, W: Tensor, bias: Tensor | None, source: Tensor) -> Tensor:
        """Return the drive of the layer above; along a sequence, the first `lag` steps get none."""
        drive = self.map.apply(W, bias, source[: len(source) - self.lag])
        return torch.cat([self._lagging(drive), drive]) if self.lag else drive

    def adjoint(self, theta: Tensor, delta: Tensor, where: Tensor) -> Tensor:
        """Return the feedback to the layer below; along a sequence, its last `lag` steps get none."""
        feedback = self.map.adjoint(theta, delta[self.lag :])
        if self.lag:
            return torch.cat([feedback, self._lagging(feedback)])
        return self.scatter(feedback, where)

    def adjoint_and_outer(
        self, theta: Tensor, delta: Tensor, source: Tensor, where: Tensor
    ) -> tuple[Tensor, Tensor | None]:
        """Return the feedback to the layer below and, where it is cheaper to have both at once, ⟨δ u^T⟩."""
        if not isinstance(self.map, Conv2d):
            return self.adjoint(theta, delta, where), None
        feedback, update = self.map.adjoint_and_outer(theta, delta, source)
        return self.scatter(feedback, where), update

    def outer(self, delta: Tensor, source: Tensor) -> Tensor:
        """Return ⟨δ u^T⟩ for the pair of layers; along a sequence, for pairs `lag` steps apart."""
        if self.lag:
            steps = len(delta)
            if steps <= self.lag:
                return delta.new_zeros(self.connection.shape)  # a sequence without a single pair
            share = (steps - self.lag) / steps  # the mean is over all steps, and the first have no pair
            return self.map.outer(delta[self.lag :], source[: -self.lag]).mul_(share)
        return self.map.outer(delta, source)

    def outer_bias(self, delta: Tensor) -> Tensor:
        """Return ⟨δ⟩."""
        return self.map.outer_bias(delta)

    def _lagging(self, cells: Tensor) -> Tensor:
        """Return zeros for the steps of a sequence that have no partner."""
        return cells.new_zeros((self.lag, *cells.shape[1:]))

    def scatter(self, feedback: Tensor, where: Tensor) -> Tensor:
        """Return what the layer below gets of feedback to where the weights see it."""
        return self._pool.unpool(feedback, where) if self._pool else feedback

    def gather(self, error: Tensor, where: Tensor) -> Tensor:
        """Return the error ξ of the layer below where the weights see it."""
        return self._pool.gather(error, where) if self._pool else error


@dataclass(frozen=True)
class Synapses:
    """What meets at the synapses of one connection: all that a local rule may read there.

    Attributes
    ----------
    projection : Projection
        The connection.
    source : Tensor
        u of the cells below, where the weights see it.
    delta : Tensor
        δ = ξ ⊙ f'(z) of the cells above.
    error : Tensor, optional
        ξ of the layer below; the stimulus has none.
    where : Tensor
        What the pool in front of the weights needs.
    update : Tensor, optional
        ⟨δ u^T⟩, where the top-down sweep has it already.
    """

    projection: Projection
    source: Tensor
    delta: Tensor
    error: Tensor | None
    where: Tensor
    update: Tensor | None = None

    @property
    def name(self) -> str:
        """Name of the connection and of its parameters."""
        return self.projection.name

    def hebbian(self) -> Tensor:
        """Return ⟨δ u^T⟩, the mean over presentations (and steps), of the shape of W."""
        return self.projection.outer(self.delta, self.source) if self.update is None else self.update

    def hebbian_bias(self) -> Tensor:
        """Return ⟨δ⟩, of the shape of the bias."""
        return self.projection.outer_bias(self.delta)

    def change(self, update: LocalUpdate) -> Tensor:
        """Return sign ⟨δ pre^T⟩ of a local update, of the shape of the weights."""
        product = self.hebbian() if update.pre == "basal" else self.hebbian_error()
        return product if update.sign > 0 else -product

    def hebbian_error(self) -> Tensor:
        """Return ⟨δ ξ^T⟩ with the error of the cells below, of the shape of Θ."""
        assert self.error is not None  # the stimulus has no feedback weights
        return self.projection.outer(self.delta, self.projection.gather(self.error, self.where))
