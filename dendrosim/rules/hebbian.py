"""Hebbian learning with soft competition: every hidden cell learns what it wins, and no error reaches it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import torch
from torch import Tensor

from dendrosim.equilibrium import Network, State
from dendrosim.equilibrium.maps import channels_last
from dendrosim.model import Model, Parameters
from dendrosim.rules.layerwise import normalised_drive, projections_into
from dendrosim.rules.rule import Rule, Updates, hebbian_updates, refuse_sequences


@dataclass(frozen=True)
class Competing(State):
    """The network after a sweep in which the cells of each hidden layer compete.

    Attributes
    ----------
    drives, shares : dict of str to Tensor
        By hidden layer, the drive u and the signed share y of each cell, of shape (presentation, *layer).
    """

    drives: dict[str, Tensor]
    shares: dict[str, Tensor]


class Hebbian(Rule):
    """SoftHebb (Moraitis et al., 2022; Journé et al., ICLR 2023), with a supervised readout.

    The cells of a dense layer, or the channels at each position of a convolution, compete for the stimulus:

        u = W x̂ + b,  y_k = ±softmax_k(u/T),  + for the cell with the largest u and − for all others,

    where x̂ is the activity below, centred and scaled to unit variance over its cells, and T the temperature. Then

        ΔW_k = η √|‖w_k‖ − 1| (⟨y_k x̂^T⟩ − ⟨y_k u_k⟩ w_k),

    the mean also over positions: Hebb for the winner, anti-Hebb for the losers, and Oja's decay, which brings ‖w_k‖ to
    1, where learning ends. What goes up is f(u), normalised again. The readout learns by the delta rule, always at the
    same time: it is the only supervised layer. Hidden biases stay at zero.

    Weights are drawn with a norm near 1, so that hidden layers change slowly and mostly keep what they were drawn with.
    Norms of losers run away where steps are large: the rule wants plain steps (``optimizer = "sgd"``). η is in units of
    the learning rate times 1/√fan-in.

    Reads x̂ and u of the two cells at each synapse, y, which the competition with the other cells decides, and all
    weights of the cell, by their norm. Stores nothing else.

    Parameters
    ----------
    temperature : float
        T.
    rate : float
        η.
    """

    def __init__(self, temperature: float, rate: float):
        self.temperature, self.rate = temperature, rate

    @classmethod
    def from_model(cls, model: Model) -> Self:
        """Make the rule from the table ``[rules.hebbian]``."""
        refuse_sequences(model, "hebbian")
        return cls(**model.rules.hebbian.model_dump())

    def infer(self, network: Network, parameters: Parameters, stimuli: Tensor) -> Competing:
        """Return the sweep of normalised activities, and who won."""
        state = self.compete(network, parameters, stimuli)
        drive = normalised_drive(network, parameters, state, "output")
        state.basal["output"] = network.potential("output", drive)
        return state

    def updates(self, network: Network, parameters: Parameters, state: State, targets: Tensor) -> Updates:
        """Give out ΔW, and Δb of the readout; Θ is not used and not changed."""
        assert isinstance(state, Competing)
        yield from self.hidden_updates(network, parameters, state)
        yield from hebbian_updates(network, parameters, state, "output", network.output_error(state, targets))

    def compete(self, network: Network, parameters: Parameters, stimuli: Tensor) -> Competing:
        """Return the sweep of the hidden layers, and who won."""
        state = Competing({"input": channels_last(stimuli)}, {}, {}, {})
        for layer in network.model.layer_names[:-1]:
            drive = normalised_drive(network, parameters, state, layer)
            state.drives[layer], state.shares[layer] = drive.clone(), self._shares(drive)
            state.basal[layer] = network.potential(layer, drive)
        return state

    def hidden_updates(self, network: Network, parameters: Parameters, state: Competing) -> Updates:
        """Give out ΔW of the hidden layers."""
        for layer in network.model.layer_names[:-1]:
            share, joined = state.shares[layer], projections_into(network, layer)
            decay = joined[0].outer_bias(share * state.drives[layer])
            lengths = torch.stack([parameters.W[each.name].flatten(1).norm(dim=1) for each in joined])
            rate = self.rate * (lengths.norm(dim=0) - 1).abs().sqrt() / joined[0].connection.fan_in ** 0.5
            rate = rate / share[0, 0].numel()  # the sums over positions become means
            for projection in joined:
                W = parameters.W[projection.name]
                by_cell = (-1, *[1] * (W.ndim - 1))
                won = projection.outer(share, state.sources[projection.name][0])
                yield f"{projection.name}.W", (won - decay.view(by_cell) * W) * rate.view(by_cell)

    def _shares(self, drive: Tensor) -> Tensor:
        share = (drive / self.temperature).softmax(dim=1)
        winner = drive.argmax(dim=1, keepdim=True)
        return (-share).scatter(1, winner, share.gather(1, winner))
