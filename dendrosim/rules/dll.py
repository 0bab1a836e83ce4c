"""Dendritic Localized Learning at local convergence."""

from __future__ import annotations

from typing import Self

from torch import Tensor

from dendrosim.equilibrium import Network, State
from dendrosim.model import Model, Parameters
from dendrosim.model.local_update import FEEDBACK, FEEDFORWARD, drawn_norm
from dendrosim.rules.rule import Rule, Updates


class DendriticLocalizedLearning(Rule):
    """Local errors through feedback weights of their own (Lv et al., ICML 2025, Algorithm 1).

    With ξ_L = β (target − u_L) of the teacher, each hidden cell settles to the local error ξ_i = Θ_i^T δ_i, where
    δ_i = ξ_{i+1} ⊙ f'(z_i), and ΔW_i = ⟨δ_i u_i^T⟩. Θ learns by one of four feedback rules:

    ``paper``
        ΔΘ_i^T = −⟨ξ_i δ_i^T⟩, as published. It holds no term in W or u: it contracts Θ and cannot align it.
    ``fixed``
        Θ stays as it was drawn (DLL-FA of the paper's Table 3).
    ``kolen-pollack``
        ΔΘ_i = ΔW_i − λΘ_i, with the same decay of W_i (Kolen and Pollack, 1994). Both synapses see the same pair
        of cells, so no weight is read across, and Θ − W decays.
    ``released``
        ΔΘ_i^T = +⟨ξ_i δ_i^T⟩, the sign of the released code, for comparison only. It makes Θ grow without bound, so
        that before each update Θ is scaled back to the norm it is drawn with.

    Reads u, ξ and δ of the two cells at each synapse, and Θ; never W.

    Parameters
    ----------
    feedback : str
        The feedback rule.
    theta_rate, decay : float
        See :class:`~dendrosim.rules.rule.Rule`.
    strength : float
        Strength β of the teacher; 1 for a clamped output soma.
    theta_deviation : float, optional
        Standard deviation with which Θ is drawn, where it is not 1/√fan-out.
    """

    compartments: tuple[str, ...] = ("basal", "apical")

    def __init__(
        self,
        feedback: str,
        theta_rate: float = 1.0,
        decay: float = 0.0,
        strength: float = 1.0,
        theta_deviation: float | None = None,
    ):
        self.feedback = feedback
        self.theta_rate = theta_rate
        self.decay = decay
        self.strength = strength
        self.theta_deviation = theta_deviation

    @classmethod
    def from_model(cls, model: Model) -> Self:
        """Make the rule from the table ``[rules.dll]`` and the teacher."""
        settings = model.rules.dll
        return cls(
            settings.feedback, settings.theta_rate, settings.decay, model.teacher.strength, settings.theta_deviation
        )

    def updates(self, network: Network, parameters: Parameters, state: State, targets: Tensor) -> Updates:
        """Yield ΔW, Δb and, unless Θ is fixed, ΔΘ without the decay: :mod:`dendrosim.model.local_update`."""
        feedback = FEEDBACK[self.feedback]
        output_error = self.strength * network.output_error(state, targets)
        for synapses in network.descend(state, output_error, parameters.theta):
            name = synapses.name
            if name in parameters.bias:
                yield f"{name}.bias", synapses.hebbian_bias()
            change = synapses.change(FEEDFORWARD)
            yield f"{name}.W", change
            if name in parameters.theta and feedback == FEEDFORWARD:
                yield f"{name}.theta", change
            del change  # no update is kept longer than it is needed, since each is as large as its weights
            if name in parameters.theta and feedback not in (None, FEEDFORWARD):
                yield f"{name}.theta", synapses.change(feedback)

    def constrain(self, network: Network, parameters: Parameters) -> None:
        """Scale Θ back to the norm it is drawn with, where the feedback rule keeps it."""
        feedback = FEEDBACK[self.feedback]
        if feedback is None or not feedback.keeps_norm:
            return
        for projection in network.projections:
            if projection.name in parameters.theta:
                theta = parameters.theta[projection.name]
                theta.mul_(drawn_norm(projection.connection, self.theta_deviation) / theta.norm())
