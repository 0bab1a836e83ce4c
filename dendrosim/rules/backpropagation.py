"""Backpropagation, written with the same three operations as every other rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dendrosim.model import Parameters
from dendrosim.rules.rule import Rule, Updates

if TYPE_CHECKING:
    from torch import Tensor

    from dendrosim.equilibrium import Network, State


class Backpropagation(Rule):
    """The negative gradient of the loss (Rumelhart, Hinton and Williams, 1986).

    δ_i = (W_{i+1}^T δ_{i+1}) ⊙ f'(z_i) and ΔW_i = ⟨δ_i u_i^T⟩. It is the top-down sweep of DLL with W in the
    place of Θ, which is the weight transport that criterion C1 forbids. Reads u of every layer and W.
    """

    name = "backpropagation"

    def updates(self, network: Network, parameters: Parameters, state: State, targets: Tensor) -> Updates:
        """Yield the negative gradient of the mean loss; Θ is not used and not changed."""
        for synapses in network.descend(state, network.output_error(state, targets), parameters.W):
            if synapses.name in parameters.bias:
                yield f"{synapses.name}.bias", synapses.hebbian_bias()
            yield f"{synapses.name}.W", synapses.hebbian()
