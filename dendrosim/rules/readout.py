"""A supervised readout that sees several hidden layers, for rules whose hidden layers have no teacher."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from dendrosim.model import Model, Parameters
from dendrosim.rules.heads import decoders
from dendrosim.rules.layerwise import normalised_drive, normalised_source, projections_into
from dendrosim.rules.rule import Updates, hebbian_updates

if TYPE_CHECKING:
    from torch import Tensor

    from dendrosim.equilibrium import Network, State
    from dendrosim.equilibrium.projection import Projection


class Readout:
    """The output layer, which beside the layer below it sees hidden layers further down, each normalised by itself.

    It learns by the delta rule. What it sees of further layers comes by their decoders
    (:func:`dendrosim.rules.heads.decoders`), whose weights are auxiliary parameters and start at zero.

    Parameters
    ----------
    model : Model
        The network.
    first : int
        Number of the first hidden layer that is seen, from 0.
    """

    def __init__(self, model: Model, first: int = 0):
        below = {connection.below for connection in model.connections if connection.above == "output"}
        seen = [layer for layer in model.layer_names[first:-1] if layer not in below]
        self.decoders = [decoder for layer, decoder in decoders(model).items() if layer in seen]

    def auxiliary(self) -> Mapping[str, np.ndarray]:
        """Return the weights of the decoders before learning."""
        return {decoder.name: np.zeros(decoder.connection.shape) for decoder in self.decoders}

    def weights(self, network: Network, parameters: Parameters) -> list[tuple[Projection, str, Tensor]]:
        """Return all connections to the output, the full names of their weights, and those weights."""
        return [
            *((each, f"{each.name}.W", parameters.W[each.name]) for each in projections_into(network, "output")),
            *((each, f"{each.name}.auxiliary", parameters.auxiliary[each.name]) for each in self.decoders),
        ]

    def infer(self, network: Network, parameters: Parameters, state: State) -> None:
        """Add to the state of the hidden layers the output, and what its weights saw."""
        drive = normalised_drive(network, parameters, state, "output")
        for decoder in self.decoders:
            drive = drive + decoder.apply(parameters.auxiliary[decoder.name], None, normalised_source(decoder, state))
        state.basal["output"] = network.potential("output", drive)

    def updates(self, network: Network, parameters: Parameters, state: State, targets: Tensor) -> Updates:
        """Yield ΔW and Δb of the output, and those of the decoders."""
        error = network.output_error(state, targets)
        yield from hebbian_updates(network, parameters, state, "output", error)
        for decoder in self.decoders:
            yield f"{decoder.name}.auxiliary", decoder.outer(error, state.sources[decoder.name][0])
