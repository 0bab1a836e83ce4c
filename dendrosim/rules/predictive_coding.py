"""Predictive coding: potentials move towards lower energy, then weights learn from what is left of the error."""

from __future__ import annotations

from typing import Self

from torch import Tensor

from dendrosim.equilibrium import Network, State
from dendrosim.equilibrium.projection import Synapses
from dendrosim.model import Model, Parameters
from dendrosim.rules.rule import Rule, Updates


class PredictiveCoding(Rule):
    """Inference by gradient descent on the prediction errors (Whittington and Bogacz, 2017).

    The energy is F = ½ Σ ‖ε_l‖² with ε_l = x_l − f(W_l x_{l−1} + b_l), the stimulus x_0 held and the output x_L held at
    the target, where ε_L is the error of the canonical pair of output and loss. From the bottom-up sweep, a number of
    times: x_l ← x_l + γ(−ε_l + W_{l+1}^T [ε_{l+1} ⊙ f'(z_{l+1})]). Then ΔW_l = ⟨[ε_l ⊙ f'(z_l)] x_{l−1}^T⟩. Along a
    sequence the potentials of all steps move together, and those of the next step predict with them.

    Reads x and ε of the two cells at each synapse; the feedback reads W, which is weight transport (C1).

    Parameters
    ----------
    iterations : int
        Steps of inference.
    rate : float
        γ.
    """

    compartments: tuple[str, ...] = ("basal", "apical")

    def __init__(self, iterations: int, rate: float):
        self.iterations, self.rate = iterations, rate

    @classmethod
    def from_model(cls, model: Model) -> Self:
        """Make the rule from the table ``[rules.predictive_coding]``."""
        settings = model.rules.predictive_coding
        return cls(settings.iterations, settings.rate)

    def updates(self, network: Network, parameters: Parameters, state: State, targets: Tensor) -> Updates:
        """Infer, and give out ΔW and Δb; Θ is not used and not changed."""
        hidden = network.model.layer_names[:-1]
        inferred = State({name: potential.clone() for name, potential in state.basal.items()}, {})
        for _ in range(self.iterations):
            errors, deltas = self._errors(network, parameters, inferred, targets)
            feedback: dict[str, Tensor] = {}
            for projection in network.projections:
                if projection.below != "input":
                    where = inferred.sources[projection.name][1]
                    part = projection.adjoint(parameters.W[projection.name], deltas[projection.above], where)
                    below = projection.below
                    feedback[below] = feedback[below] + part if below in feedback else part
            for layer in hidden:
                inferred.basal[layer].add_(feedback[layer] - errors[layer], alpha=self.rate)
        _, deltas = self._errors(network, parameters, inferred, targets)
        for projection in network.projections:
            name = projection.name
            source, where = inferred.sources[name]
            synapses = Synapses(projection, source, deltas[projection.above], None, where)
            if name in parameters.bias:
                yield f"{name}.bias", synapses.hebbian_bias()
            yield f"{name}.W", synapses.hebbian()

    def _errors(
        self, network: Network, parameters: Parameters, inferred: State, targets: Tensor
    ) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Return ε of every layer, and ε ⊙ f'(z), at the potentials inferred so far."""
        predictions = network.predict(parameters, inferred)
        errors = {"output": network.by_step(targets) - predictions["output"]}
        deltas = dict(errors)
        for layer in network.model.layer_names[:-1]:
            errors[layer] = inferred.basal[layer] - predictions[layer]
            deltas[layer] = network.times_slope(errors[layer], predictions[layer])
        return errors, deltas
