"""Predictive coding: potentials move towards lower energy, then weights learn from what is left of the error."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from dendrosim.equilibrium.state import State
from dendrosim.model import Parameters
from dendrosim.model.part import Count
from dendrosim.rules.rule import Rule, Updates

if TYPE_CHECKING:
    from torch import Tensor

    from dendrosim.equilibrium import Network


class PredictiveCoding(Rule):
    """Inference by gradient descent on the prediction errors (Whittington and Bogacz, 2017).

    The energy is F = ½ Σ ‖ε_l‖² + β ℓ over the hidden layers and the loss, with ε_l = x_l − f(W_l x_{l−1} + b_l) and
    the stimulus x_0 held; the canonical pair of output and loss gives ε_L = β (target − f(z_L)). From the bottom-up
    sweep, a number of times: x_l ← x_l + γ(−ε_l + W_{l+1}^T [ε_{l+1} ⊙ f'(z_{l+1})]). Then
    ΔW_l = ⟨[ε_l ⊙ f'(z_l)] x_{l−1}^T⟩ / β, which tends to backpropagation with β. Along a sequence the potentials of
    all steps move together, and those of the next step predict with them. The variants:

    ``standard``
        As above.
    ``fixed-prediction``
        Predictions and f' stay those of the sweep, so that the errors settle to those of backpropagation (Millidge,
        Tschantz and Buckley, 2022).
    ``incremental``
        The weights learn after every step of inference, not after the last (Salvatori et al., 2024): each parameter is
        yielded once a step. Between several processes the sums of one step arrive while the next is computed.
    ``centred``
        The mean of β and −β, whose bias is of the order β² (Pinchetti et al., 2024, centred nudging).

    Reads x and ε of the two cells at each synapse; stores the sweep, and the other phase when centred. The feedback
    reads W, which is weight transport (C1).

    """

    class Settings(Rule.Settings):
        """How often, and by how much, the potentials move towards lower energy before W learns.

        Attributes
        ----------
        variant : {"standard", "fixed-prediction", "incremental", "centred"}
            Inference as published; with the predictions of the bottom-up sweep; with weights that learn in each of its
            steps; or as the mean of nudging towards the target and away from it.
        iterations : int
            Steps of inference.
        rate : float
            γ: how far a potential moves down the gradient of the energy in each.
        nudge : float
            Weight β of the loss in the energy.
        """

        variant: Literal["standard", "fixed-prediction", "incremental", "centred"] = "standard"
        iterations: Count = 20
        rate: Annotated[float, Field(gt=0, le=1)] = 0.2
        nudge: Annotated[float, Field(gt=0, le=1)] = 1.0

    name = "predictive-coding"
    compartments: tuple[str, ...] = ("basal", "apical")

    def __init__(self, variant: str, iterations: int, rate: float, nudge: float = 1.0):
        self.variant = variant
        self.iterations, self.rate, self.nudge = iterations, rate, nudge

    def updates(self, network: Network, parameters: Parameters, state: State, targets: Tensor) -> Updates:
        """Infer, and yield ΔW and Δb; Θ is not used and not changed."""
        phases = [self.nudge, -self.nudge] if self.variant == "centred" else [self.nudge]
        inferred = []
        for nudge in phases:
            for phase, deltas in self._inference(network, parameters, state, targets, nudge):
                if self.variant == "incremental":
                    yield from _learned(network, parameters, [(phase, deltas, 1 / nudge)])
            inferred.append((phase, deltas, 1 / (nudge * len(phases))))
        if self.variant != "incremental":
            yield from _learned(network, parameters, inferred)

    def _inference(
        self, network: Network, parameters: Parameters, state: State, targets: Tensor, nudge: float
    ) -> Iterator[tuple[State, dict[str, Tensor]]]:
        """Yield the potentials with ε ⊙ f'(z) when the weights learn."""
        moving = {layer: state.basal[layer].clone() for layer in network.model.layer_names[:-1]}
        inferred = State(state.basal | moving, dict(state.sources), held=state.held)
        above = [projection for projection in network.projections if projection.below != "input"]
        feeding_back = {projection.above for projection in above}
        # After the sweep every hidden layer is what the one below predicts, so that only the output has an error. It
        # reaches one layer further down in each step; with new weights, every prediction is another.
        reached = {"input", *moving} if self.variant == "incremental" else set()
        predictions, deltas = state.basal, {"output": nudge * network.output_error(state, targets)}
        for step in range(1, self.iterations + 1):
            for layer, potential in moving.items():
                potential.lerp_(predictions[layer], self.rate)
            for projection in above:
                if projection.above in deltas:
                    where = inferred.sources[projection.name][1]
                    part = projection.adjoint(parameters.W[projection.name], deltas[projection.above], where)
                    moving[projection.below].add_(part, alpha=self.rate)
                    reached.add(projection.below)
            astray = set(reached)
            if self.variant != "fixed-prediction":
                stirred = {projection.above for projection in network.projections if projection.below in reached}
                predictions = predictions | network.predict(parameters, inferred, stirred)
                astray |= stirred
            learns = self.variant == "incremental" or step == self.iterations
            # Errors that feed nothing back are of use only to weights that learn.
            wanted = network.model.layer_names if learns else feeding_back & astray
            deltas = self._errors(network, inferred, predictions, targets, nudge, wanted)
            if learns:
                yield inferred, deltas

    def _errors(
        self,
        network: Network,
        inferred: State,
        predictions: Mapping[str, Tensor],
        targets: Tensor,
        nudge: float,
        wanted: Collection[str],
    ) -> dict[str, Tensor]:
        """Return ε ⊙ f'(z) of the output and of the layers wanted, at the potentials inferred so far."""
        deltas = {"output": nudge * (network.by_step(targets) - predictions["output"])}
        for layer in wanted:
            if layer != "output":
                deltas[layer] = network.times_slope(inferred.basal[layer] - predictions[layer], predictions[layer])
        return deltas


def _learned(network: Network, parameters: Parameters, phases: list[tuple[State, dict[str, Tensor], float]]) -> Updates:
    """Yield ΔW and Δb: what each phase says, times its factor."""
    from dendrosim.equilibrium.projection import Synapses

    for projection in network.projections:
        name = projection.name
        synapses = []
        for state, deltas, factor in phases:
            source, where = state.sources[name]
            synapses.append(Synapses(projection, source, factor * deltas[projection.above], None, where))
        if name in parameters.bias:
            yield f"{name}.bias", _sum([each.hebbian_bias() for each in synapses])
        yield f"{name}.W", _sum([each.hebbian() for each in synapses])


def _sum(parts: list[Tensor]) -> Tensor:
    first, *others = parts
    for part in others:
        first.add_(part)
    return first
