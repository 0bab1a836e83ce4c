"""Difference target propagation: targets come down through feedback weights that learn the transpose from noise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Self

from pydantic import Field

from dendrosim.equilibrium.state import State
from dendrosim.model import Model, Parameters
from dendrosim.model.part import Count, NotNegative, Positive
from dendrosim.registry import ACTIVATIONS
from dendrosim.rules.rule import Rule, Updates, hebbian_updates, noise_like, refuse_sequences

if TYPE_CHECKING:
    from torch import Tensor

    from dendrosim.equilibrium import Network


class TargetPropagation(Rule):
    """Targets by differences (Lee et al., 2015) through feedback that is trained with L-DRL (Ernoult et al., 2022).

    The way down from layer l is G_l(t) = Θ_l^T h(t), where h' = f' so that its Jacobian Θ_l^T diag(f'(z_l)) can be the
    transpose of that of the way up, F_l(u) = f(W_l u + b_l); at the output, h is the identity and F_l the drive z_l.
    From the teacher, u_L is to become t_L = u_L + β (target − u_L), and below

        t_{l−1} = u_{l−1} + G_l(t_l) − G_l(u_l),  ΔW_l = ⟨[(t_l − u_l) ⊙ f'(z_l)] u_{l−1}^T⟩,

    a step towards the local target. Θ_l learns from noise ξ in the layer below and ξ' in its own, with the descent of

        −2⟨σξ · [G_l(F_l(u_{l−1} + σξ)) − G_l(F_l(u_{l−1}))]⟩ + ⟨‖G_l(u_l + σξ') − G_l(u_l)‖²⟩:
        ΔΘ_l = ⟨r (σξ)^T − r' (Θ_l^T r')^T⟩/σ²,  r = h(F_l(u_{l−1} + σξ)) − h(u_l),  r' = h(u_l + σξ') − h(u_l),

    which rests, for small σ, at Θ = W. A max pool keeps the choice of the bottom-up sweep throughout.

    Reads u, t and the noisy potentials of the two cells at each synapse, which are stored one after the other, and Θ;
    W only on the way up.

    """

    class Settings(Rule.Settings):
        """How far the targets are, and how the way down learns.

        Attributes
        ----------
        nudge : float
            Strength β of the teacher.
        deviation : float
            Standard deviation σ of the noise that Θ learns from.
        draws : int
            How often noise is drawn for each presentation.
        theta_rate : float
            Learning rate of Θ relative to that of W.
        """

        nudge: Annotated[float, Field(gt=0, le=1)] = 0.1
        deviation: Positive = 0.1
        draws: Count = 1
        theta_rate: NotNegative = 4.0

    name = "target-propagation"
    compartments: tuple[str, ...] = ("basal", "apical")

    def __init__(self, nudge: float, deviation: float, draws: int, theta_rate: float):
        self.nudge, self.deviation, self.draws, self.theta_rate = nudge, deviation, draws, theta_rate

    @classmethod
    def from_model(cls, model: Model) -> Self:
        """Make the rule from the table ``[rules.target_propagation]``."""
        refuse_sequences(model, cls.name)
        return super().from_model(model)

    def updates(self, network: Network, parameters: Parameters, state: State, targets: Tensor) -> Updates:
        """Yield, from the top, ΔΘ of the way down from each layer, then Δb and ΔW."""
        steps = {"output": self.nudge * network.output_error(state, targets)}  # t − u
        for layer in reversed(network.model.layer_names):
            step, u = steps.pop(layer), state.basal[layer]
            delta = step if layer == "output" else network.times_slope(step, u)
            sent = step if layer == "output" else _sent(network, u + step) - _sent(network, u)
            for projection in network.projections:
                if projection.above == layer and projection.name in parameters.theta:
                    where = state.sources[projection.name][1]
                    part = projection.adjoint(parameters.theta[projection.name], sent, where)
                    steps[projection.below] = steps[projection.below] + part if projection.below in steps else part
            yield from self._learn_to_send(layer, network, parameters, state)
            yield from hebbian_updates(network, parameters, state, layer, delta)

    def _learn_to_send(self, layer: str, network: Network, parameters: Parameters, state: State) -> Updates:
        """Yield ΔΘ of all connections to one layer."""
        learning = [each for each in network.projections if each.above == layer and each.name in parameters.theta]
        if not learning:
            return
        directions: dict[str, Tensor] = {}
        below = {each.below: state.basal[each.below] for each in learning}
        still = _response(network, parameters, state, layer)
        for _ in range(self.draws):
            noise = {name: noise_like(u, self.deviation, self.generator) for name, u in below.items()}
            noisy = State(state.basal | {name: u + noise[name] for name, u in below.items()}, dict(state.sources))
            response = _response(network, parameters, noisy, layer) - still
            own = noise_like(state.basal[layer], self.deviation, self.generator)
            if layer != "output":
                own = _sent(network, state.basal[layer] + own) - still
            for projection in learning:
                name, where = projection.name, state.sources[projection.name][1]
                returned = projection.adjoint(parameters.theta[name], own, where)
                learned = projection.outer(response, projection.source(noise[projection.below], where)[0])
                learned.sub_(projection.outer(own, projection.source(returned, where)[0]))
                directions[name] = directions[name].add_(learned) if name in directions else learned
        for name, direction in directions.items():
            yield f"{name}.theta", direction.div_(self.deviation**2 * self.draws)


def _sent(network: Network, potential: Tensor) -> Tensor:
    """Return h of the potential of hidden cells."""
    import torch

    return ACTIVATIONS[network.model.activation].antiderivative(torch, potential)


def _response(network: Network, parameters: Parameters, state: State, layer: str) -> Tensor:
    """Return h(F(u)) of a layer, from what the layers below it hold: at the output, its drive."""
    drive = network.drive(parameters, state, layer, hold=True)
    return drive if layer == "output" else _sent(network, network.potential(layer, drive))
