"""Equilibrium propagation: what differs between two equilibria, nudged towards the target and away from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field

from dendrosim.equilibrium.state import State
from dendrosim.model import Model, Parameters
from dendrosim.model.part import Count
from dendrosim.rules.rule import Rule, Updates, refuse_sequences

if TYPE_CHECKING:
    from torch import Tensor

    from dendrosim.equilibrium import Network


class EquilibriumPropagation(Rule):
    """Centred equilibrium propagation (Scellier and Bengio, 2017; Laborieux et al., 2021).

    The hidden layers s_1 … s_H act on each other in both directions and come to a stationary point of

        Φ = Σ_l c_l [s_l·(W_l s_{l−1} + b_l) − Σ G(s_l)] − β ℓ(u_L, target),  G' = f^{-1},  c_l = γ c_{l−1},  c_H = 1,

    by s_l ← f(W_l s_{l−1} + b_l + γ W_{l+1}^T s_{l+1}) from above to below; the output is a readout and sends
    β W_L^T (target − u_L) down. The gain γ keeps the two directions from driving each other into saturation, and a max
    pool keeps the choice of the bottom-up sweep, since one that is free to choose leaves Φ without a stationary point.
    From the free equilibrium (β = 0), which also predicts, the network settles with +β and with −β, and

        ΔW_l = c_l/(2β) ⟨(s_l s_{l−1}^T)_{+β} − (s_l s_{l−1}^T)_{−β}⟩,

    which is the negative gradient of the free loss up to O(β²). The readout learns by the mean of both delta rules.

    Reads s of the two cells at each synapse in two states, which are stored; the feedback reads W. With ``separate``
    feedback (the vector field of Scellier et al., 2018) it reads Θ, which learns as W does, with the same decay.

    """

    class Settings(Rule.Settings):
        """Two nudged phases from one free one.

        Attributes
        ----------
        free_steps, nudged_steps : int
            Sweeps over all layers in each phase.
        nudge : float
            Strength β of the teacher, towards the target and away from it.
        gain : float
            γ: how much a hidden layer acts on the one below, relative to the way up.
        feedback : {"symmetric", "separate"}
            Whether the way down has the weights W of the way up, or Θ, which learns as W does.
        """

        free_steps: Count = 8
        nudged_steps: Count = 5
        nudge: Annotated[float, Field(gt=0, le=1)] = 0.5
        gain: Annotated[float, Field(gt=0, le=1)] = 0.1
        feedback: Literal["symmetric", "separate"] = "symmetric"

    name = "equilibrium-propagation"
    compartments: tuple[str, ...] = ("basal", "apical")
    theta_rate = 1.0

    def __init__(self, free_steps: int, nudged_steps: int, nudge: float, gain: float, feedback: str):
        self.free_steps, self.nudged_steps = free_steps, nudged_steps
        self.nudge, self.gain = nudge, gain
        self.separate = feedback == "separate"
        self.theta_moves_as_W = self.separate
        self.decay = 0.1 if self.separate else 0.0  # what brings Θ and W together

    @classmethod
    def from_model(cls, model: Model) -> Self:
        """Make the rule from the table ``[rules.equilibrium_propagation]``."""
        refuse_sequences(model, cls.name)
        return super().from_model(model)

    def infer(self, network: Network, parameters: Parameters, stimuli: Tensor) -> State:
        """Return the free equilibrium, from the bottom-up sweep."""
        return self._settle(network, parameters, network.sweep(parameters, stimuli), self.free_steps)

    def updates(self, network: Network, parameters: Parameters, state: State, targets: Tensor) -> Updates:
        """Settle twice, and yield ΔW and Δb, and the same direction for Θ where it is used."""
        from dendrosim.equilibrium.projection import Synapses

        towards, away = (
            self._settle(network, parameters, state, self.nudged_steps, nudge, targets)
            for nudge in (self.nudge, -self.nudge)
        )
        shares = self._shares(network)
        for projection in network.projections:
            name, layer = projection.name, projection.above
            (first, where), second = towards.sources[name], away.sources[name][0]
            if layer == "output":
                errors = network.output_error(towards, targets), network.output_error(away, targets)
                pairs, scale = [(errors[0], first), (errors[1], second)], 0.5
            else:
                # s₊p₊ − s₋p₋ by the differences of its factors, which are small beside the factors themselves.
                above, below = towards.basal[layer], away.basal[layer]
                pairs = [(above - below, (first + second) / 2), ((above + below) / 2, first - second)]
                if projection.below == "input":
                    del pairs[1]  # the stimulus is held
                scale = shares[layer] / (2 * self.nudge)
            parts = [Synapses(projection, source, signal, None, where) for signal, source in pairs]
            if name in parameters.bias:
                bias = parts[0].hebbian_bias()
                yield f"{name}.bias", (bias + parts[1].hebbian_bias() if layer == "output" else bias) * scale
            direction = parts[0].hebbian()
            for part in parts[1:]:
                direction.add_(part.hebbian())
            direction.mul_(scale)
            yield f"{name}.W", direction
            if self.separate and name in parameters.theta:
                yield f"{name}.theta", direction
            del direction  # as large as its weights

    def _settle(
        self,
        network: Network,
        parameters: Parameters,
        start: State,
        steps: int,
        nudge: float = 0.0,
        targets: Tensor | None = None,
    ) -> State:
        """Return the state after so many sweeps from `start`, which stays as it is."""
        state = State(dict(start.basal), dict(start.sources), held=start.held)
        weights = parameters.theta if self.separate else parameters.W
        for _ in range(steps):
            for layer in reversed(network.model.layer_names):
                drive = network.drive(parameters, state, layer, hold=True)
                for projection in network.projections:
                    if projection.below != layer:
                        continue
                    signal = state.basal[projection.above]
                    if projection.above == "output":
                        if targets is None:
                            continue
                        signal = network.output_error(state, targets)
                    scale = nudge if projection.above == "output" else self.gain
                    where = state.sources[projection.name][1]
                    drive.add_(projection.adjoint(weights[projection.name], signal, where), alpha=scale)
                state.basal[layer] = network.potential(layer, drive)
        for projection in network.projections:  # to note what all weights see at the end
            network.see(state, projection, hold=True)
        state.basal["output"] = network.potential("output", network.drive(parameters, state, "output", hold=True))
        return state

    def _shares(self, network: Network) -> dict[str, float]:
        """Return c of every hidden layer."""
        shares: dict[str, float] = {}
        for projection in reversed(network.projections):
            last = projection.above == "output"
            shares[projection.below] = 1.0 if last else shares[projection.above] / self.gain
        return shares
