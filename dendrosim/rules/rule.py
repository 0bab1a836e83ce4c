"""What every learning rule is."""

from __future__ import annotations

from typing import Protocol, Self

from torch import Tensor

from dendrosim.equilibrium import Network, State
from dendrosim.model import Model, Parameters


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

    def updates(self, network: Network, parameters: Parameters, state: State, targets: Tensor) -> Parameters:
        """Return the direction in which to change each parameter (ascent: W ← W + η ΔW)."""
        ...
