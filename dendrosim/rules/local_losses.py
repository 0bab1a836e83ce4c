"""Local losses: every hidden layer has a loss of its own, and no error crosses from layer to layer."""

from __future__ import annotations

import math
from collections.abc import Generator, Mapping
from typing import TYPE_CHECKING, Annotated, Literal, Self

import numpy as np
from pydantic import Field

from dendrosim.model import Model, Parameters
from dendrosim.model.connections import Connection
from dendrosim.rules.heads import decoders
from dendrosim.rules.rule import Rule, Updates, hebbian_updates, refuse_sequences

if TYPE_CHECKING:
    from torch import Tensor

    from dendrosim.equilibrium import Network, State
    from dendrosim.equilibrium.projection import Projection


class LocalLosses(Rule):
    """A prediction loss and a similarity-matching loss for each hidden layer (Nøkland and Eidnes, 2019).

    Beside layer l with activity u_l is a head p = f_L(V u_l), of the same kind as the output. The layer's loss is

        L_l = (1 − β) ⟨ℓ(p, target)⟩ + β ⟨(S(g u_l) − S(target))²⟩,

    where the first mean is over the N presentations of a batch, the second over their N² pairs. g is a linear map to as
    many cells, and S_ij the cosine of the angle between presentations i and j, each less its mean over cells; a map of
    a convolutional layer counts there as one cell, by its standard deviation over positions. With e = target − p and
    s_i = −N ∂⟨(S − S(target))²⟩/∂(g u_l)_i,

        δ_l = [(1 − β) V^T e + β g^T s] ⊙ f'(z_l),  ΔW_l = ⟨δ_l u_{l−1}^T⟩,  ΔV = (1 − β)⟨e u_l^T⟩,  Δg = β⟨s u_l^T⟩,

    which is the negative gradient of L_l with u_{l−1} held. The output learns by its delta rule. With ``separate``
    feedback, e comes back through a fixed random matrix B instead of V, and g is the identity: no weight is used in
    both directions. Ranks compare the presentations of their own part of a batch.

    Reads u of the two cells at each synapse, the head beside the layer and, for the similarity, all cells of the layer
    in all presentations. Auxiliary parameters: V, which starts at zero, and g or B, by the name of the layer.

    Parameters
    ----------
    model : Model
        The network, for the shapes of what is beside its layers.
    similarity : float
        β.
    feedback : {"decoder", "separate"}
        Whether the error of a head comes back through V, or through B.
    """

    class Settings(Rule.Settings):
        """What each hidden layer learns, and how the error of its head comes back.

        Attributes
        ----------
        similarity : float
            Share β of the similarity-matching loss; the rest is the prediction loss.
        feedback : {"decoder", "separate"}
            Whether the error of a head comes back through its decoder, or through a fixed random matrix of its own;
            then similarities are those of the layer itself, and not of a linear map of it.
        """

        similarity: Annotated[float, Field(ge=0, lt=1)] = 0.9
        feedback: Literal["decoder", "separate"] = "decoder"

    name = "local-losses"

    def __init__(self, model: Model, similarity: float, feedback: str):
        self.similarity, self.separate = similarity, feedback == "separate"
        self.decoders = decoders(model)
        mapped = similarity > 0 and not self.separate
        self.maps = {layer: _similarity_map(model, layer) for layer in self.decoders} if mapped else {}

    @classmethod
    def from_model(cls, model: Model) -> Self:
        """Make the rule from the table ``[rules.local_losses]``."""
        refuse_sequences(model, cls.name)
        return cls(model, **dict(cls.settings_of(model)))

    def auxiliary(self, model: Model, generator: np.random.Generator) -> Mapping[str, np.ndarray]:
        """Draw g with variance 1/fan-in, or B with variance 1/(output cells); V is zero."""
        drawn = {decoder.name: np.zeros(decoder.connection.shape) for decoder in self.decoders.values()}
        for similarity_map in self.maps.values():
            connection = similarity_map.connection
            drawn[connection.name] = generator.standard_normal(connection.shape) / math.sqrt(connection.fan_in)
        if self.separate:
            for layer, decoder in self.decoders.items():
                outputs, seen = decoder.connection.shape
                drawn[f"{layer}-feedback"] = generator.standard_normal((outputs, seen)) / math.sqrt(outputs)
        return drawn

    def updates(self, network: Network, parameters: Parameters, state: State, targets: Tensor) -> Updates:
        """Yield, layer by layer, ΔV and Δg, then ΔW and Δb; B and Θ are not changed."""
        for layer in network.model.layer_names:
            if layer == "output":
                delta = network.output_error(state, targets)
            else:
                error = yield from self._beside(layer, network, parameters, state.basal[layer], targets)
                delta = network.times_slope(error, state.basal[layer])
            yield from hebbian_updates(network, parameters, state, layer, delta)

    def _beside(
        self, layer: str, network: Network, parameters: Parameters, u: Tensor, targets: Tensor
    ) -> Generator[tuple[str, Tensor], None, Tensor]:
        """Yield what the head and the map of a hidden layer learn, and return the error −N ∂L/∂u."""
        decoder, auxiliary = self.decoders[layer], parameters.auxiliary
        source, where = decoder.source(u)
        prediction = network.potential("output", decoder.apply(auxiliary[decoder.name], None, source))
        head_error = (targets - prediction) * (1 - self.similarity)
        error = decoder.adjoint(auxiliary[f"{layer}-feedback" if self.separate else decoder.name], head_error, where)
        yield f"{decoder.name}.auxiliary", decoder.outer(head_error, source)
        if self.similarity == 0:
            return error
        if self.separate:
            return error + similarity_error(u, targets) * self.similarity
        similarity_map = self.maps[layer]
        name = similarity_map.name
        mapped_error = similarity_error(similarity_map.apply(auxiliary[name], None, u), targets) * self.similarity
        error = error + similarity_map.adjoint(auxiliary[name], mapped_error, u)
        yield f"{name}.auxiliary", similarity_map.outer(mapped_error, u)
        return error


def similarity_error(features: Tensor, targets: Tensor) -> Tensor:
    """Return s = −N ∂⟨(S(features) − S(targets))²⟩/∂features, where the mean is over all N² pairs of presentations.

    Parameters
    ----------
    features : Tensor of shape (presentation, cell) or (presentation, channel, height, width)
        Activity whose similarities are to be those of the targets.
    targets : Tensor of shape (presentation, output cell)
    """
    if features.ndim == 2:
        return _similarity_error(features, targets)
    maps = features.flatten(2)
    deviations = maps.std(dim=2, correction=0)
    # d deviation / d map = (map − mean) / (positions · deviation)
    scale = _similarity_error(deviations, targets) / deviations.clamp_min(_TINY) / maps.shape[2]
    return (scale[:, :, None] * (maps - maps.mean(dim=2, keepdim=True))).view_as(features)


_TINY = 1e-8  # cells that are all alike have no direction, and no error


def _similarity_error(features: Tensor, targets: Tensor) -> Tensor:
    directions, lengths = _directions(features)
    wanted, _ = _directions(targets)
    difference = wanted @ wanted.T - directions @ directions.T
    error = (4 / len(features)) * difference @ directions
    error = (error - directions * (error * directions).sum(dim=1, keepdim=True)) / lengths
    return error - error.mean(dim=1, keepdim=True)


def _directions(cells: Tensor) -> tuple[Tensor, Tensor]:
    """Return each row less its mean, at unit length, and the length that it had."""
    import torch

    centred = cells - cells.mean(dim=1, keepdim=True)
    lengths = torch.linalg.vector_norm(centred, dim=1, keepdim=True).clamp_min(_TINY)
    return centred / lengths, lengths


def _similarity_map(model: Model, layer: str) -> Projection:
    """Return g of a hidden layer: dense, or a convolution of 3 × 3 cells."""
    from dendrosim.equilibrium.projection import Projection

    shape, name = model.shapes[layer], f"{layer}-similarity"
    if len(shape) == 1:
        return Projection(Connection(name, "dense", layer, name, shape, shape, shape * 2))
    return Projection(Connection(name, "conv2d", layer, name, shape, shape, (shape[0], shape[0], 3, 3), padding=1))
