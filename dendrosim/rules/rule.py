"""What every learning rule is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol, Self

from torch import Tensor

from dendrosim.equilibrium import Network, State
from dendrosim.model import Model, Parameters

Updates = Iterator[tuple[str, Tensor]]
"""Pairs of a parameter's name, as in :meth:`Parameters.items`, and the direction in which to change it."""


class Rule(Protocol):
    """A learning rule: given the network's state and the target, the update of every parameter.

    Attributes
    ----------
    theta_rate : float
        Learning rate of Θ relative to that of W.
    decay : float
        Decay λ of W and Θ; the optimizer applies −λW and −λΘ apart from its adaptive step.
    """

    theta_rate: float
    decay: float

    @classmethod
    def from_model(cls, model: Model) -> Self:
        """Make the rule with the settings of the model it will train."""
        ...

    def updates(self, network: Network, parameters: Parameters, state: State, targets: Tensor) -> Updates:
        """Give out the directions in which to change the parameters (ascent: W ← W + η ΔW), one after the other.

        A parameter is given out when the rule no longer reads it, so that it can be changed at once and only one
        direction is in memory at a time. Two parameters may share one direction, which must not be changed then.
        """
        ...
