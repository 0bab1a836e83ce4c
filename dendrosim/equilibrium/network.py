"""The network at local convergence: one bottom-up sweep, one top-down sweep."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from dendrosim.equilibrium.projection import Projection
from dendrosim.equilibrium.recurrent import relax_backwards, relax_forwards
from dendrosim.model import ACTIVATIONS, Model, Parameters


@dataclass(frozen=True)
class State:
    """The network after a bottom-up sweep.

    Attributes
    ----------
    basal : dict of str to Tensor
        Basal potentials by layer, ``input`` first, of shape (presentation, *layer); for a recurrent network
        (presentation, step, *layer).
    sources : dict of str to tuple of Tensor
        By connection, what its weights see of the layer below, and what its pool needs to send feedback back.
    """

    basal: dict[str, Tensor]
    sources: dict[str, tuple[Tensor, Tensor]]

    @property
    def output(self) -> Tensor:
        """Basal potential of the output layer: the network's prediction."""
        return self.basal["output"]


class Network:
    """A network of pyramidal cells at the fixed point of their dynamics.

    Parameters
    ----------
    model : Model
        The description; the network itself holds no parameters and no state.
    """

    def __init__(self, model: Model):
        self.model = model
        self.projections = [Projection(connection) for connection in model.connections]
        self._activation = ACTIVATIONS[model.activation]

    def sweep(self, parameters: Parameters, stimuli: Tensor) -> State:
        """Bottom-up sweep u_{i+1} = f(W_i u_i + b_i).

        Parameters
        ----------
        parameters : Parameters of Tensor
        stimuli : Tensor of shape (presentation, *model.input)
        """
        state = State({"input": stimuli}, {})
        for projection in self.projections:
            name = projection.name
            if projection.lag:
                # The drive from below is in place of the potential until the layer has gone through time.
                drive = state.basal[projection.above]
                state.basal[projection.above] = relax_forwards(drive, parameters.W[name], self.activity)
                state.sources[name] = projection.source(state.basal[projection.above])
                continue
            state.sources[name] = projection.source(state.basal[projection.below])
            drive = projection.apply(parameters.W[name], parameters.bias[name], state.sources[name][0])
            recurrent = any(other.lag and other.above == projection.above for other in self.projections)
            state.basal[projection.above] = drive if recurrent else self._potential(projection.above, drive)
        return state

    def descend(
        self, state: State, output_error: Tensor, feedback: Mapping[str, Tensor]
    ) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Top-down sweep ξ_i = M_i^T δ_i with δ_i = ξ_{i+1} ⊙ f'(z_i), where M is Θ, or W for the gradient.

        Parameters
        ----------
        state : State
            After the bottom-up sweep.
        output_error : Tensor of the shape of the output layer
            ξ of the output; with a canonical pair of output and loss its factor f' is 1.
        feedback : mapping of str to Tensor
            The matrices M by connection.

        Returns
        -------
        errors, deltas : dict of str to Tensor
            ξ and δ of every layer of cells, by name.
        """
        errors, deltas = {"output": output_error}, {"output": output_error}
        for projection in reversed(self.projections):
            name, below = projection.name, projection.below
            if below == "input":
                continue
            slope = self._activation.slope(torch, state.basal[below])
            if projection.lag:
                errors[below] = relax_backwards(errors[below], slope, feedback[name])
            else:
                errors[below] = projection.adjoint(feedback[name], deltas[projection.above], state.sources[name][1])
            deltas[below] = errors[below] * slope
        return errors, deltas

    def outer(self, state: State, deltas: Mapping[str, Tensor]) -> Parameters:
        """Hebbian products of every connection: W gets ⟨δ u^T⟩, the bias ⟨δ⟩."""
        updates = Parameters()
        for projection in self.projections:
            delta = deltas[projection.above]
            updates.W[projection.name] = projection.outer(delta, state.sources[projection.name][0])
            if projection.connection.has_bias:
                updates.bias[projection.name] = projection.outer_bias(delta)
        return updates

    def activity(self, drive: Tensor) -> Tensor:
        """Return f(z) of hidden cells."""
        return self._activation.function(torch, drive)

    def loss(self, output: Tensor, targets: Tensor) -> Tensor:
        """Mean over presentations (and steps) of the loss that is canonical for the output."""
        if self.model.loss == "cross-entropy":
            return -(targets * output.clamp_min(torch.finfo(output.dtype).tiny).log()).sum(dim=-1).mean()
        return (targets - output).square().sum(dim=-1).mean() / 2

    def _potential(self, layer: str, drive: Tensor) -> Tensor:
        if layer != "output":
            return self.activity(drive)
        return drive.softmax(dim=-1) if self.model.output == "softmax" else drive
