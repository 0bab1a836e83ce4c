"""The layered network at local convergence: one bottom-up sweep, one top-down sweep."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from dendrosim.equilibrium.maps import Dense
from dendrosim.model import ACTIVATIONS, Model, Parameters


@dataclass(frozen=True)
class State:
    """Basal potentials after a bottom-up sweep: ``basal[i]`` has shape (presentation, cell), input first."""

    basal: list[Tensor]

    @property
    def output(self) -> Tensor:
        """Basal potential of the output layer: the network's prediction."""
        return self.basal[-1]


class Network:
    """A layered network of pyramidal cells, at the fixed point of their dynamics.

    Parameters
    ----------
    model : Model
        The description; the network itself holds no parameters and no state.
    """

    def __init__(self, model: Model):
        self.model = model
        self.names = model.layer_names
        self.maps = [Dense() for _ in self.names]
        self._activation = ACTIVATIONS[model.activation]

    def sweep(self, parameters: Parameters, stimuli: Tensor) -> State:
        """Bottom-up sweep u_{i+1} = f(W_i u_i + b_i).

        Parameters
        ----------
        parameters : Parameters of Tensor
        stimuli : Tensor of shape (presentation, *model.input)
        """
        basal = [stimuli]
        for name, layer in zip(self.names, self.maps, strict=True):
            drive = layer.apply(parameters.W[name], parameters.bias[name], basal[-1])
            if name != "output":
                basal.append(self._activation.function(torch, drive))
            else:
                basal.append(drive.softmax(dim=1) if self.model.output == "softmax" else drive)
        return State(basal)

    def descend(
        self, state: State, output_error: Tensor, feedback: Mapping[str, Tensor]
    ) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Top-down sweep ξ_i = M_i^T δ_i with δ_i = ξ_{i+1} ⊙ f'(z_i), where M is Θ, or W for the gradient.

        Parameters
        ----------
        state : State
            After the bottom-up sweep.
        output_error : Tensor of shape (presentation, output cell)
            ξ of the output; with a canonical pair of output and loss its factor f' is 1.
        feedback : mapping of str to Tensor
            The matrices M by layer name.

        Returns
        -------
        errors, deltas : dict of str to Tensor
            ξ and δ of every layer of cells, by name.
        """
        errors, deltas = {"output": output_error}, {"output": output_error}
        for index in range(len(self.names) - 1, 0, -1):
            above, name = self.names[index], self.names[index - 1]
            errors[name] = self.maps[index].adjoint(feedback[above], deltas[above])
            deltas[name] = errors[name] * self._activation.slope(torch, state.basal[index])
        return errors, deltas

    def outer(self, state: State, deltas: Mapping[str, Tensor]) -> Parameters:
        """Hebbian products of every map: W gets ⟨δ_i u_i^T⟩, the bias ⟨δ_i⟩."""
        layers = list(zip(self.names, self.maps, state.basal[:-1], strict=True))
        return Parameters(
            W={name: layer.outer(deltas[name], below) for name, layer, below in layers},
            bias={name: deltas[name].mean(dim=0) for name in self.names},
        )

    def loss(self, output: Tensor, targets: Tensor) -> Tensor:
        """Mean over presentations of the loss that is canonical for the output."""
        if self.model.loss == "cross-entropy":
            return -(targets * output.clamp_min(torch.finfo(output.dtype).tiny).log()).sum(dim=1).mean()
        return (targets - output).square().sum(dim=1).mean() / 2
