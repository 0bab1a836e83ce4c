"""Dendritic Localized Learning at local convergence."""

from __future__ import annotations

from typing import Self

from torch import Tensor

from dendrosim.equilibrium import Network, State
from dendrosim.model import Model, Parameters


class DendriticLocalizedLearning:
    """Local errors through feedback weights of their own (Lv et al., ICML 2025, Algorithm 1).

    With ξ_L = β (target − u_L) of the teacher, each hidden cell settles to the local error ξ_i = Θ_i^T δ_i, where
    δ_i = ξ_{i+1} ⊙ f'(z_i), and ΔW_i = ⟨δ_i u_i^T⟩. Θ learns by one of three feedback rules:

    ``paper``
        ΔΘ_i^T = −⟨ξ_i δ_i^T⟩, as published. It holds no term in W or u: it contracts Θ and cannot align it.
    ``fixed``
        Θ stays as it was drawn (DLL-FA of the paper's Table 3).
    ``kolen-pollack``
        ΔΘ_i = ΔW_i − λΘ_i, with the same decay of W_i (Kolen and Pollack, 1994). Both synapses see the same pair
        of cells, so no weight is read across, and Θ − W decays.

    Reads u, ξ and δ of the two cells at each synapse, and Θ; never W.

    Parameters
    ----------
    feedback : str
        The feedback rule.
    theta_rate, decay : float
        See :class:`~dendrosim.rules.rule.Rule`.
    strength : float
        Strength β of the teacher; 1 for a clamped output soma.
    """

    def __init__(self, feedback: str, theta_rate: float = 1.0, decay: float = 0.0, strength: float = 1.0):
        self.feedback = feedback
        self.theta_rate = theta_rate
        self.decay = decay
        self.strength = strength

    @classmethod
    def from_model(cls, model: Model) -> Self:
        """Make the rule from the table ``[rules.dll]`` and the teacher."""
        settings = model.rules.dll
        return cls(settings.feedback, settings.theta_rate, settings.decay, model.teacher.strength)

    def output_error(self, state: State, targets: Tensor) -> Tensor:
        """Return ξ_L, as the teacher sets it."""
        return self.strength * (targets - state.output)

    def updates(self, network: Network, parameters: Parameters, state: State, targets: Tensor) -> Parameters:
        """Return ΔW, Δb and, unless Θ is fixed, ΔΘ without the decay."""
        errors, deltas = network.descend(state, self.output_error(state, targets), parameters.theta)
        updates = network.outer(state, deltas)
        for projection in network.projections:
            name = projection.name
            if name in parameters.theta and self.feedback == "paper":
                below, where = errors[projection.below], state.sources[name][1]
                updates.theta[name] = -projection.outer_error(deltas[projection.above], below, where)
            elif name in parameters.theta and self.feedback == "kolen-pollack":
                updates.theta[name] = updates.W[name].clone()
        return updates
