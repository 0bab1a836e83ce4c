"""Reward-modulated spike-timing-dependent plasticity of a readout that sees the first spikes of Hebbian features."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from dendrosim.equilibrium.state import State
from dendrosim.model import Model, Parameters
from dendrosim.model.part import Count, NotNegative, Positive
from dendrosim.rules.hebbian import Competing, Hebbian
from dendrosim.rules.layerwise import normalised_source
from dendrosim.rules.rule import Updates, refuse_regressions, refuse_sequences

if TYPE_CHECKING:
    from torch import Tensor

    from dendrosim.equilibrium import Network

STRONGEST = 1.5  # normalised activity of a cell that fires in the first bin
CONFIDENCE = 3.0  # how steeply the expected reward depends on potentials
BOUND = 4.0  # of the weights, in deviations of those that are drawn


@dataclass(frozen=True)
class Spiking(Competing):
    """The network after a stimulus that came as first spikes to the readout.

    Attributes
    ----------
    spikes : dict of str to Tensor
        By layer, the bin in which each cell fires, of shape (presentation, cell, ...): of the output, and of the layers
        below it after pooling, where cells that are silent have a bin after the last.
    """

    spikes: dict[str, Tensor]


class RewardModulatedSTDP(Hebbian):
    """R-STDP (Mozafari et al., 2018) on latency-coded features of SoftHebb (as in Goupy et al., 2024).

    Hidden layers learn as in :class:`Hebbian`, without a teacher. Where the readout sees them they fire at most once,
    the earlier the stronger their normalised activity x̂, in one of N bins; below the mean they are silent:

        t_j = ⌈N (1 − x̂_j / 1.5)⌉, at least 0.

    Output cells integrate without leak the currents that these spikes switch on,

        V_k(t) = 1/N Σ_{s ≤ t} (b_k + Σ_j W_kj [t_j ≤ s]),

    and fire at the first t_k with V_k ≥ θ, or at the end of the stimulus. The largest V_k at the end decides, and
    p = softmax(3 V) is the reward that is expected. What comes beyond it, r_k = target_k − p_k, turns STDP on and,
    where it is negative, into anti-STDP, with soft bounds ±B:

        ΔW_kj = ⟨r_k (1 if t_j ≤ t_k else −a)⟩ (W_kj + B)(B − W_kj) / 2B,  B = 4/√fan-in of the connection.

    In the original only the cell that wins learns, from a reward of ±1. With ten output cells, one for each class, that
    stays far below; a reward for each cell is the step towards supervised STDP (S2-STDP) that was taken here.

    Reads the spike times of the two cells, the reward of the cell above and W. Wants plain steps, as its hidden layers
    do; with a learning rate of at most 1 a weight cannot leave its bounds.

    Parameters
    ----------
    model, temperature, rate
        As of :class:`Hebbian`.
    bins : int
        N.
    threshold : float
        θ.
    depression : float
        a.
    """

    class Settings(Hebbian.Settings):
        """Of the hidden layers, as :class:`Hebbian` has them, and of the readout that sees their first spikes.

        Attributes
        ----------
        bins : int
            In how many steps a spike can come.
        threshold : float
            Potential at which an output cell fires.
        depression : float
            What a pair in the wrong order counts, relative to one in the right order.
        """

        bins: Count = 15
        threshold: Positive = 0.5
        depression: NotNegative = 0.5

    name = "r-stdp"

    def __init__(self, model: Model, temperature: float, rate: float, bins: int, threshold: float, depression: float):
        super().__init__(model, temperature, rate)
        self.bins, self.threshold, self.depression = bins, threshold, depression

    @classmethod
    def from_model(cls, model: Model) -> Self:
        """Make the rule from the table ``[rules.r_stdp]``."""
        refuse_sequences(model, cls.name)
        refuse_regressions(model, cls.name)
        return cls(model, **dict(cls.settings_of(model)))

    def infer(self, network: Network, parameters: Parameters, stimuli: Tensor) -> Spiking:
        """Return the features, their first spikes, and what the output cells make of them."""
        import torch

        features = self.compete(network, parameters, stimuli)
        spikes: dict[str, Tensor] = {}
        currents: list[Any] = [0.0] * self.bins
        for projection, _, W in self.readout.weights(network, parameters):
            seen = normalised_source(projection, features).contiguous()  # dense weights read it in this order
            spikes[projection.below] = (seen / STRONGEST).neg_().add_(1).mul_(self.bins).ceil_()
            for when, fired in enumerate(self._fired(spikes[projection.below])):
                currents[when] = currents[when] + projection.apply(W, parameters.bias.get(projection.name), fired)
        potentials = torch.stack(currents).cumsum(dim=0) / self.bins
        reached = potentials >= self.threshold
        reached[-1] = True
        features.basal["output"] = network.potential("output", CONFIDENCE * potentials[-1])
        spikes["output"] = reached.to(torch.uint8).argmax(dim=0).to(stimuli.dtype)
        return Spiking(**vars(features), spikes=spikes)

    def updates(self, network: Network, parameters: Parameters, state: State, targets: Tensor) -> Updates:
        """Yield ΔW, and Δb of the output cells; Θ is not used and not changed."""
        import torch

        assert isinstance(state, Spiking)
        yield from self.hidden_updates(network, parameters, state)
        reward = network.output_error(state, targets)
        for projection, name, W in self.readout.weights(network, parameters):
            bias = projection.outer_bias(reward)
            if projection.name in parameters.bias:
                yield f"{projection.name}.bias", bias
            # Of all bins only the one counts in which the cell above fires.
            paired = torch.zeros_like(W)
            for when, fired in enumerate(self._fired(state.spikes[projection.below])):
                paired += projection.outer(reward * (state.spikes["output"] == when), fired)
            paired.mul_(1 + self.depression).sub_(self.depression * bias[:, None])
            bound = BOUND / projection.connection.fan_in**0.5
            yield name, paired * ((W + bound) * (bound - W)).clamp_min(0) / (2 * bound)

    def _fired(self, spikes: Tensor) -> Iterator[Tensor]:
        """Yield, bin by bin, which cells have fired until then (1, else 0): always the same tensor, filled anew."""
        import torch

        fired = torch.empty_like(spikes)
        for when in range(self.bins):
            yield torch.le(spikes, when, out=fired)
