"""Hebbian learning with soft competition: every hidden cell learns what it wins, and no error reaches it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

from dendrosim.equilibrium.state import State
from dendrosim.model import Model, Parameters
from dendrosim.model.part import NotNegative, Positive
from dendrosim.rules.layerwise import normalised_drive, projections_into
from dendrosim.rules.readout import Readout
from dendrosim.rules.rule import Rule, Updates, refuse_sequences

if TYPE_CHECKING:
    from torch import Tensor

    from dendrosim.equilibrium import Network


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

        ΔW_k = η (⟨y_k x̂^T⟩ − ⟨y_k u_k⟩ w_k),

    the mean also over positions: Hebb for the winner, anti-Hebb for the losers, and Oja's decay, which holds ‖w_k‖ at
    1 where a cell wins. What goes up is f(u), normalised again. The readout is the only supervised layer; it learns by
    the delta rule, always at the same time, from all hidden layers (:mod:`dendrosim.rules.readout`), since a layer of
    few cells that nobody tells what matters loses much of what the one below it knows. Hidden biases stay at zero.

    Norms of losers run away where steps are large: the rule wants plain steps (``optimizer = "sgd"``). η is in units of
    the learning rate times 1/√fan-in; the learning rate of Journé et al., which depends on ‖w_k‖ and vanishes at 1, is
    left out, because weights are drawn with a norm near 1 here and would stay as they were drawn.

    Reads x̂ and u of the two cells at each synapse, y, which the competition with the other cells decides, and W.
    Stores nothing else. Auxiliary parameters: what the readout has beside the weights from the layer below.

    Parameters
    ----------
    model : Model
        The network, for the shapes of what the readout sees.
    temperature : float
        T.
    rate : float
        η.
    """

    class Settings(Rule.Settings):
        """Of the soft competition.

        Attributes
        ----------
        temperature : float
            T of the competition; drives are of unit variance where weights are random.
        rate : float
            Learning rate of the hidden layers, relative to that of the readout and to 1/√fan-in.
        """

        temperature: Positive = 1.0
        rate: NotNegative = 1.0

    name = "hebbian"

    def __init__(self, model: Model, temperature: float, rate: float):
        self.readout = Readout(model)
        self.temperature, self.rate = temperature, rate

    @classmethod
    def from_model(cls, model: Model) -> Self:
        """Make the rule from the table ``[rules.hebbian]``."""
        refuse_sequences(model, cls.name)
        return cls(model, **dict(cls.settings_of(model)))

    def auxiliary(self, model: Model, generator: np.random.Generator) -> Mapping[str, np.ndarray]:
        """Start what the readout sees of further layers at zero."""
        return self.readout.auxiliary()

    def infer(self, network: Network, parameters: Parameters, stimuli: Tensor) -> Competing:
        """Return the sweep of normalised activities, and who won."""
        state = self.compete(network, parameters, stimuli)
        self.readout.infer(network, parameters, state)
        return state

    def updates(self, network: Network, parameters: Parameters, state: State, targets: Tensor) -> Updates:
        """Yield ΔW, and all that the readout learns; Θ is not used and not changed."""
        assert isinstance(state, Competing)
        yield from self.hidden_updates(network, parameters, state)
        yield from self.readout.updates(network, parameters, state, targets)

    def compete(self, network: Network, parameters: Parameters, stimuli: Tensor) -> Competing:
        """Return the sweep of the hidden layers, and who won."""
        from dendrosim.equilibrium.maps import channels_last

        state = Competing({"input": channels_last(stimuli)}, {}, {}, {})
        for layer in network.model.layer_names[:-1]:
            drive = normalised_drive(network, parameters, state, layer)
            state.drives[layer], state.shares[layer] = drive.clone(), self._shares(drive)
            state.basal[layer] = network.potential(layer, drive)
        return state

    def hidden_updates(self, network: Network, parameters: Parameters, state: Competing) -> Updates:
        """Yield ΔW of the hidden layers."""
        for layer in network.model.layer_names[:-1]:
            share, joined = state.shares[layer], projections_into(network, layer)
            decay = joined[0].outer_bias(share * state.drives[layer])
            rate = self.rate / joined[0].connection.fan_in ** 0.5
            rate = rate / share[0, 0].numel()  # the sums over positions become means
            for projection in joined:
                W = parameters.W[projection.name]
                by_cell = (-1, *[1] * (W.ndim - 1))
                won = projection.outer(share, state.sources[projection.name][0])
                yield f"{projection.name}.W", (won - decay.view(by_cell) * W) * rate

    def _shares(self, drive: Tensor) -> Tensor:
        drive = drive.movedim(1, -1)  # competitors lie side by side in memory
        share = (drive if self.temperature == 1 else drive / self.temperature).softmax(dim=-1)
        winner = drive.max(dim=-1, keepdim=True).indices  # the first of equals, as argmax, and faster
        won = share.gather(-1, winner)
        return share.neg_().scatter_(-1, winner, won).movedim(-1, 1)
