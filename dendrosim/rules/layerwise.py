"""What rules share that learn layer by layer: normalised activity on the way up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dendrosim.equilibrium.state import State
from dendrosim.model import Parameters

if TYPE_CHECKING:
    from torch import Tensor

    from dendrosim.equilibrium import Network
    from dendrosim.equilibrium.projection import Projection


def projections_into(network: Network, layer: str) -> list[Projection]:
    """Return the connections that end in a layer."""
    return [projection for projection in network.projections if projection.above == layer]


def normalised(activity: Tensor) -> Tensor:
    """Return x̂: the activity centred and scaled to unit variance over the cells of each presentation."""
    from torch.nn import functional

    side_by_side = activity.movedim(1, -1)  # the order in which maps hold channels, which stays so
    return functional.layer_norm(side_by_side, side_by_side.shape[1:]).movedim(-1, 1)


def normalised_drive(network: Network, parameters: Parameters, state: State, layer: str) -> Tensor:
    """Return z = W x̂ + b of a layer, and note in `state` the x̂ that its weights saw.

    x̂ is the activity below after pooling, normalised, so that no layer knows how active the one below was.
    """
    drives = [
        projection.apply(
            parameters.W[projection.name], parameters.bias.get(projection.name), normalised_source(projection, state)
        )
        for projection in projections_into(network, layer)
    ]
    return sum(drives[1:], drives[0])


def normalised_source(projection: Projection, state: State) -> Tensor:
    """Return the x̂ that a connection's weights see, and note it in `state`."""
    source, where = projection.source(state.basal[projection.below])
    state.sources[projection.name] = normalised(source), where
    return state.sources[projection.name][0]


def normalised_sweep(network: Network, parameters: Parameters, stimuli: Tensor) -> State:
    """Return the bottom-up sweep of the hidden layers, in which each of them sees the one below normalised."""
    from dendrosim.equilibrium.maps import channels_last

    state = State({"input": channels_last(stimuli)}, {})
    for layer in network.model.layer_names[:-1]:
        state.basal[layer] = network.potential(layer, normalised_drive(network, parameters, state, layer))
    return state
