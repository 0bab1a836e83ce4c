"""Direct feedback alignment: the error of the output reaches every hidden layer by a matrix of its own."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from dendrosim.model import Model, Parameters
from dendrosim.rules.rule import Rule, Updates, hebbian_updates

if TYPE_CHECKING:
    from torch import Tensor

    from dendrosim.equilibrium import Network, State


class DirectFeedbackAlignment(Rule):
    """The error of the output is broadcast through fixed random matrices (Nøkland, 2016).

    δ_i = (B_i^T δ_L) ⊙ f'(z_i) and ΔW_i = ⟨δ_i u_i^T⟩ with δ_L = target − u_L. B_i joins the output to hidden layer i,
    is drawn with variance 1/(output cells) and stays so. Along a sequence each step has the error of that step only:
    nothing goes back in time.

    Reads u of the two cells at each synapse and the error of all output cells. Auxiliary parameters: B_i, of shape
    (output cells, cells of the layer), by the name of the layer. Has no settings.
    """

    name = "direct-feedback-alignment"

    def auxiliary(self, model: Model, generator: np.random.Generator) -> Mapping[str, np.ndarray]:
        """Draw B of every hidden layer."""
        outputs = model.sizes[-1]
        return {
            layer: generator.standard_normal((outputs, math.prod(model.shapes[layer]))) / math.sqrt(outputs)
            for layer in model.layer_names[:-1]
        }

    def updates(self, network: Network, parameters: Parameters, state: State, targets: Tensor) -> Updates:
        """Yield ΔW and Δb; B and Θ are not changed."""
        from dendrosim.equilibrium.maps import Dense

        output_error = network.output_error(state, targets)
        for layer in network.model.layer_names:
            delta = output_error
            if layer != "output":
                error = Dense(network.model.shapes[layer]).adjoint(parameters.auxiliary[layer], output_error)
                delta = network.times_slope(error, state.basal[layer])
            yield from hebbian_updates(network, parameters, state, layer, delta)
