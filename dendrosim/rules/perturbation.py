"""Perturbation: cells are pushed at random, and credited with what that changes in a loss."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from typing import TYPE_CHECKING, Literal, Self

import numpy as np

from dendrosim.equilibrium.state import State
from dendrosim.model import Model, Parameters
from dendrosim.model.part import Count, Positive
from dendrosim.rules.heads import decoders
from dendrosim.rules.rule import Rule, Updates, hebbian_updates, noise_like, refuse_sequences

if TYPE_CHECKING:
    from torch import Tensor

    from dendrosim.equilibrium import Network

type Losses = Callable[[Mapping[str, Tensor]], Tensor]
"""The loss of each presentation when the cells of some layers are pushed by so much."""


class Perturbation(Rule):
    """Antithetic node perturbation (Fiete and Seung, 2006), of the output or of local heads (Ren et al., 2023).

    The potential of each cell is pushed by σε, with ε from a normal distribution, and then by −σε. What comes back is
    one number for each presentation, the difference of its two losses ℓ:

        δ_l = −⟨ε_l [ℓ(u + σε) − ℓ(u − σε)] / 2σ⟩ ⊙ f'(z_l),  ΔW_l = ⟨δ_l u_{l−1}^T⟩,

    where u is what the cells hold when they are not pushed. The mean over ε is the negative gradient up to O(σ²), as
    all even orders cancel; the variance grows with the number of cells that are pushed together. With the loss of the
    ``output`` these are all hidden cells. With ``local`` heads they are the cells of one layer, and ℓ is the loss of a
    head p = f_L(V u_l) beside it, which has the delta rule ΔV = ⟨(target − p) u_l^T⟩. So has the output. In a
    convolutional layer each position is pushed by itself, and ΔW sums over them; where a head sees the mean of a window
    only, the cells of the window are pushed alike, so that fewer pushes drown the one that mattered.

    Reads u of the two cells at each synapse and the push of the cell above, which is stored, and a difference of losses
    that is broadcast; nothing comes down through weights. Auxiliary parameters: V, which starts at zero, by the name of
    the layer.

    Parameters
    ----------
    model : Model
        The network, for the shapes of its heads.
    heads : {"local", "output"}
        Whose loss is measured.
    draws : int
        How many ε there are for each presentation.
    deviation : float
        σ.
    """

    class Settings(Rule.Settings):
        """What is measured, and how often.

        Attributes
        ----------
        heads : {"local", "output"}
            Whether each hidden layer is pushed by itself for the loss of its head, or all together for that of the
            output.
        draws : int
            Pairs of pushes, forth and back, for each presentation.
        deviation : float
            Standard deviation σ of a push.
        """

        heads: Literal["local", "output"] = "local"
        draws: Count = 4
        deviation: Positive = 0.01

    name = "perturbation"

    def __init__(self, model: Model, heads: str, draws: int, deviation: float):
        self.draws, self.deviation = draws, deviation
        self.decoders = decoders(model) if heads == "local" else {}

    @classmethod
    def from_model(cls, model: Model) -> Self:
        """Make the rule from the table ``[rules.perturbation]``."""
        refuse_sequences(model, cls.name)
        return cls(model, **dict(cls.settings_of(model)))

    def auxiliary(self, model: Model, generator: np.random.Generator) -> Mapping[str, np.ndarray]:
        """Start V of the local heads at zero."""
        return {decoder.name: np.zeros(decoder.connection.shape) for decoder in self.decoders.values()}

    def updates(self, network: Network, parameters: Parameters, state: State, targets: Tensor) -> Updates:
        """Yield, layer by layer, ΔV of its head, Δb and ΔW; Θ is not used and not changed."""
        hidden = network.model.layer_names[:-1]
        errors: dict[str, Tensor] = {}
        if not self.decoders:
            losses = _losses_of_output(network, parameters, state, targets)
            errors = self._errors({layer: state.basal[layer] for layer in hidden}, losses)
        for layer in hidden:
            if self.decoders:
                errors[layer] = yield from self._beside(layer, network, parameters, state, targets)
            delta = network.times_slope(errors.pop(layer), state.basal[layer])
            yield from hebbian_updates(network, parameters, state, layer, delta)
        yield from hebbian_updates(network, parameters, state, "output", network.output_error(state, targets))

    def _beside(
        self, layer: str, network: Network, parameters: Parameters, state: State, targets: Tensor
    ) -> Generator[tuple[str, Tensor], None, Tensor]:
        """Yield what the head of a hidden layer learns, and return the error of the layer."""
        decoder = self.decoders[layer]
        V, (source, where) = parameters.auxiliary[decoder.name], decoder.source(state.basal[layer])

        def predict(source: Tensor) -> Tensor:
            return network.potential("output", decoder.apply(V, None, source))

        def losses(pushes: Mapping[str, Tensor]) -> Tensor:
            return network.losses(predict(source + pushes[layer]), targets)

        error = self._errors({layer: source}, losses)[layer]
        yield f"{decoder.name}.auxiliary", decoder.outer(targets - predict(source), source)
        return decoder.scatter(error, where)

    def _errors(self, pushed: Mapping[str, Tensor], losses: Losses) -> dict[str, Tensor]:
        """Return −⟨ε [ℓ(u + σε) − ℓ(u − σε)] / 2σ⟩ of what is pushed together, by layer."""
        import torch

        errors = {layer: torch.zeros_like(u) for layer, u in pushed.items()}
        for _ in range(self.draws):
            forth = {layer: noise_like(error, self.deviation, self.generator) for layer, error in errors.items()}
            back = {layer: -push for layer, push in forth.items()}
            gain = (losses(back) - losses(forth)) / (2 * self.deviation**2 * self.draws)
            for layer, error in errors.items():
                error.addcmul_(forth[layer], gain.view(-1, *[1] * (error.ndim - 1)))
        return errors


def _losses_of_output(network: Network, parameters: Parameters, state: State, targets: Tensor) -> Losses:
    """Return what measures the losses of the output when hidden layers are pushed on the way up."""

    def losses(pushes: Mapping[str, Tensor]) -> Tensor:
        pushed = State({"input": state.basal["input"]}, {})
        for layer in network.model.layer_names:
            u = network.potential(layer, network.drive(parameters, pushed, layer))
            pushed.basal[layer] = u.add_(pushes[layer]) if layer in pushes else u
        return network.losses(pushed.basal["output"], targets)

    return losses
