"""The forward-forward algorithm: each layer learns by itself to be active for the right label, or group."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Self

import numpy as np

from dendrosim.errors import ModelError
from dendrosim.model import Model, Parameters
from dendrosim.model.part import Positive
from dendrosim.rules.layerwise import normalised_sweep
from dendrosim.rules.readout import Readout
from dendrosim.rules.rule import Rule, Updates, hebbian_updates, refuse_regressions, refuse_sequences

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from dendrosim.equilibrium import Network, State


class ForwardForward(Rule):
    """Losses of each layer's own goodness (Hinton, 2022; Papachristodoulou et al., AAAI 2024, for convolutions).

    The goodness of a layer is the mean g of its squared activities, and what the next layer sees of them is centred and
    scaled to unit variance, so that it cannot read the goodness off. In a network of dense layers the first cells of
    the stimulus hold a label; it is the right one (+) or a wrong one (−), drawn as often as the readout believes in it:

        ℓ = ln(1 + e^{κ(θ − g₊)}) + ln(1 + e^{κ(g₋ − θ)}).

    In a network with convolutions, where a few cells of a corner would be lost, the channels of each layer (cells of a
    dense one) are divided among the classes and compete, and there is no negative data:

        ℓ = −ln softmax_target(κ G),  G_c = mean of the squared activities of the group of class c.

    Either way ΔW is the negative gradient of the layer's own ℓ, which is of the form ⟨r ⊙ u ⊙ f'(z) x̂^T⟩ with one r
    for each layer or group: nothing comes down from other layers. The readout learns by the delta rule, from all hidden
    layers but the first (:mod:`dendrosim.rules.readout`); to predict, the label in the stimulus is a neutral one, the
    same for all classes.

    Reads u of the two cells at each synapse, and r, which is the same for all cells of a layer or group. The dense form
    stores the states of two more stimuli. Auxiliary parameters: what the readout has beside the weights from the layer
    below.

    Parameters
    ----------
    model : Model
        The network, for the shapes of what the readout sees.
    grouped : bool
        Whether channels compete, instead of labels in the stimulus.
    threshold, sharpness : float
        θ and κ.
    label : float
        How active the cell of the label is in the stimulus.
    """

    class Settings(Rule.Settings):
        """Of the losses of the layers.

        Attributes
        ----------
        threshold : float
            Goodness θ between right and wrong labels; a network with convolutions needs none.
        sharpness : float
            κ: how steeply the loss of a layer depends on its goodness.
        label : float
            How active the cell of the label is in the stimulus; a network with convolutions has no labels there.
        """

        threshold: Positive = 0.5
        sharpness: Positive = 20.0
        label: Positive = 3.0

    name = "forward-forward"

    def __init__(self, model: Model, grouped: bool, threshold: float, sharpness: float, label: float):
        self.classes, self.grouped = model.sizes[-1], grouped
        self.readout = Readout(model, first=1)
        self.threshold, self.sharpness, self.label = threshold, sharpness, label

    @classmethod
    def from_model(cls, model: Model) -> Self:
        """Make the rule from the table ``[rules.forward_forward]``, in the form that suits the network."""
        refuse_sequences(model, cls.name)
        refuse_regressions(model, cls.name)
        classes = model.sizes[-1]
        grouped = any(connection.kind == "conv2d" for connection in model.connections)
        smallest = min((model.shapes[layer][0] for layer in model.layer_names[:-1]), default=classes)
        if grouped and smallest < classes:
            raise ModelError(
                f"{model.source}: 'forward-forward' divides the channels of each layer among {classes} classes, and a "
                f"layer has {smallest}; give every layer at least {classes} channels."
            )
        if not grouped and (len(model.input) > 1 or model.sizes[0] < classes):
            raise ModelError(
                f"{model.source}: 'forward-forward' writes one of {classes} labels into a flat stimulus, and this one "
                f"has shape {list(model.input)}; give input at least [{classes}]."
            )
        return cls(model, grouped, **dict(cls.settings_of(model)))

    def auxiliary(self, model: Model, generator: np.random.Generator) -> Mapping[str, np.ndarray]:
        """Start what the readout sees of further layers at zero."""
        return self.readout.auxiliary()

    def infer(self, network: Network, parameters: Parameters, stimuli: Tensor) -> State:
        """Return the sweep of normalised activities, with a neutral label."""
        if not self.grouped:
            stimuli = self._write(stimuli, stimuli.new_full((1, self.classes), 1 / self.classes))
        state = normalised_sweep(network, parameters, stimuli)
        self.readout.infer(network, parameters, state)
        return state

    def updates(self, network: Network, parameters: Parameters, state: State, targets: Tensor) -> Updates:
        """Yield ΔW and Δb of every layer; Θ is not used and not changed."""
        learning, signs = (state, targets) if self.grouped else self._contrast(network, parameters, state, targets)
        for layer in network.model.layer_names[:-1]:
            u = learning.basal[layer]
            error = self._factors(u, signs) * u * (2 * len(u) / len(targets))
            yield from hebbian_updates(network, parameters, learning, layer, network.times_slope(error, u))
        yield from self.readout.updates(network, parameters, state, targets)

    def _write(self, stimuli: Tensor, labels: Tensor) -> Tensor:
        """Return stimuli of shape (presentation, cell) with labels, (presentation, class), in their first cells."""
        import torch

        labels = self.label * labels.expand(len(stimuli), -1)
        return torch.cat([labels, stimuli[:, self.classes :]], dim=1)

    def _contrast(
        self, network: Network, parameters: Parameters, state: State, targets: Tensor
    ) -> tuple[State, Tensor]:
        """Return the state of all stimuli with right labels and, after them, with wrong ones; and which is which."""
        import torch

        right = _one_hot(targets.argmax(dim=1), self.classes, targets.dtype)
        believed = (state.basal["output"] + 1e-6) * (1 - right)
        # One draw from these weights, as torch.multinomial makes it, which would wait for a GPU.
        wrong = (believed / torch.empty_like(believed).exponential_(generator=self.generator)).argmax(dim=1)
        labels = torch.cat([right, _one_hot(wrong, self.classes, targets.dtype)])
        stimuli = torch.cat([state.basal["input"]] * 2)
        signs = torch.ones(len(stimuli), dtype=targets.dtype, device=targets.device)
        signs[len(targets) :] = -1
        return normalised_sweep(network, parameters, self._write(stimuli, labels)), signs

    def _factors(self, u: Tensor, signs: Tensor) -> Tensor:
        """Return r: −∂ℓ/∂u is 2 r u, of a shape that goes with u."""
        import torch

        squares = u.square().flatten(2).mean(dim=2) if u.ndim > 2 else u.square()
        cells = u[0].numel()
        if not self.grouped:
            surprise = (signs * self.sharpness * (self.threshold - squares.mean(dim=1))).sigmoid()
            return (signs * self.sharpness * surprise / cells)[:, None]
        group = torch.arange(u.shape[1], device=u.device) * self.classes // u.shape[1]
        members = _one_hot(group, self.classes, u.dtype)
        goodness = squares @ members / members.sum(dim=0)
        error = signs - (self.sharpness * goodness).softmax(dim=1)
        by_channel = (self.sharpness * error / members.sum(dim=0))[:, group] * (u.shape[1] / cells)
        return by_channel.view(*by_channel.shape, *[1] * (u.ndim - 2))


def _one_hot(chosen: Tensor, classes: int, dtype: torch.dtype) -> Tensor:
    """Return 1 where a class is the chosen one and 0 elsewhere; torch's own function waits for a GPU."""
    import torch

    return (chosen[:, None] == torch.arange(classes, device=chosen.device)).to(dtype)
