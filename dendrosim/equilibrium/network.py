"""The network at local convergence: one bottom-up sweep, one top-down sweep."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping

import torch
from torch import Tensor

from dendrosim.equilibrium.maps import channels_last
from dendrosim.equilibrium.projection import Projection, Synapses
from dendrosim.equilibrium.recurrent import relax_backwards, relax_forwards
from dendrosim.equilibrium.state import State
from dendrosim.equilibrium.torch_internals import sigmoid_backward, tanh_backward
from dendrosim.model import ACTIVATIONS, Model, Parameters
from dendrosim.model.spec import LOSS_OF_OUTPUT
from dendrosim.registry import OUTPUTS

# f(z) in the place of z, and f'(z) ⊙ ξ in one pass, where torch has them.
_IN_PLACE: dict[str, Callable[[Tensor], Tensor]] = {
    "tanh": torch.tanh_,
    "sigmoid": torch.sigmoid_,
    "relu": torch.relu_,
    "identity": lambda z: z,
}
_FUSED_SLOPES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "tanh": tanh_backward,
    "sigmoid": sigmoid_backward,
    "identity": lambda error, u: error,
}


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
        self._in_place = _IN_PLACE.get(model.activation)
        self._fused_slope = _FUSED_SLOPES.get(model.activation)
        below = {layer: {each.below for each in self.projections if each.above == layer} for layer in model.layer_names}
        self._first = {layer for layer in model.layer_names if below[layer] == {"input"}}

    def sweep(self, parameters: Parameters, stimuli: Tensor) -> State:
        """Bottom-up sweep u_{i+1} = f(W_i u_i + b_i).

        Parameters
        ----------
        parameters : Parameters of Tensor
        stimuli : Tensor of shape (presentation, ``*model.input``)
            Of any type; the network computes in that of its weights.
        """
        stimuli = stimuli.to(next(iter(parameters.W.values())).dtype)
        state = State({"input": channels_last(self.by_step(stimuli))}, {})
        for layer in self.model.layer_names:
            drive = self.drive(parameters, state, layer)
            recurrent = self._recurrent(layer)
            if recurrent is None:
                state.basal[layer] = self.potential(layer, drive)
                if layer in self._first:
                    state.hold(layer, state.basal[layer], *self._origins(parameters, state, layer))
            else:
                state.basal[layer] = relax_forwards(drive, parameters.W[recurrent.name], self.activate)
                state.sources[recurrent.name] = recurrent.source(state.basal[layer])
        return state

    def drive(self, parameters: Parameters, state: State, layer: str, hold: bool = False) -> Tensor:
        """Return z of a layer from the layers below it, and note in `state` what its weights saw of them.

        With `hold`, a max pool looks where it had found the largest when `state` was last noted. What the stimulus
        drives is kept when it is computed a second time, for as long as its weights stay.
        """
        drive = None
        for projection in self.projections:
            if projection.above == layer and not projection.lag:
                if projection.below == "input" and projection.name in state.sources:
                    part = self._held_drive(parameters, state, projection, hold).clone()
                else:
                    part = self._apply(parameters, self.see(state, projection, hold), projection)
                drive = part if drive is None else drive.add_(part)
        assert drive is not None  # a model joins every layer to one below
        return drive

    def see(self, state: State, projection: Projection, hold: bool = False) -> Tensor:
        """Return what the weights of a connection see, and note it in `state`; `hold` as of :meth:`drive`."""
        where = state.sources[projection.name][1] if hold else None
        state.sources[projection.name] = projection.source(state.basal[projection.below], where)
        return state.sources[projection.name][0]

    def _apply(self, parameters: Parameters, source: Tensor, projection: Projection) -> Tensor:
        return projection.apply(parameters.W[projection.name], parameters.bias.get(projection.name), source)

    def _held_drive(self, parameters: Parameters, state: State, projection: Projection, hold: bool) -> Tensor:
        """Return what the stimulus drives through a connection, which nobody may change."""
        name, origins = f"drive of {projection.name}", (state.basal["input"], *_weights(parameters, projection))
        held = state.find_held(name, *origins)
        if held is None:
            held = state.hold(name, self._apply(parameters, self.see(state, projection, hold), projection), *origins)
        return held

    def _origins(self, parameters: Parameters, state: State, layer: str) -> list[Tensor]:
        """Return what decides the potential of a layer that sees nothing but the stimulus."""
        joined = (projection for projection in self.projections if projection.above == layer)
        return [state.basal["input"], *(each for projection in joined for each in _weights(parameters, projection))]

    def descend(self, state: State, output_error: Tensor, feedback: Mapping[str, Tensor]) -> Iterator[Synapses]:
        """Top-down sweep ξ_i = M_i^T δ_i with δ_i = ξ_{i+1} ⊙ f'(z_i), where M is Θ, or W for the gradient.

        The synapses are yielded from the top, each connection once it is no longer needed: who learns in this order
        may change its parameters before asking for the next.

        Parameters
        ----------
        state : State
            After the bottom-up sweep.
        output_error : Tensor of the shape of the output layer in `state`
            ξ of the output; with a canonical pair of output and loss its factor f' is 1.
        feedback : mapping of str to Tensor
            The matrices M by connection.
        """
        deltas = {"output": output_error}
        for layer in [*self.model.layer_names[-2::-1], "input"]:
            above = [projection for projection in self.projections if projection.below == layer and not projection.lag]
            error, recurrent = None, self._recurrent(layer)
            updates: dict[str, Tensor | None] = {}
            if layer != "input":
                for projection in above:
                    name = projection.name
                    part, updates[name] = projection.adjoint_and_outer(
                        feedback[name], deltas[projection.above], *state.sources[name]
                    )
                    error = part if error is None else error + part
                assert error is not None  # every layer has one above
                if recurrent is None:
                    deltas[layer] = self.times_slope(error, state.basal[layer])
                else:
                    slope = self._activation.derivative(torch, state.basal[layer])
                    error, deltas[layer] = relax_backwards(error, slope, feedback[recurrent.name])
            for projection in above if recurrent is None else [*above, recurrent]:
                source, where = state.sources[projection.name]
                update = updates.pop(projection.name, None)
                yield Synapses(projection, source, deltas[projection.above], error, where, update)

    def predict(self, parameters: Parameters, state: State, layers: Collection[str]) -> dict[str, Tensor]:
        """Return what the basal dendrites of some layers would settle to if the layers below stayed as they are.

        That of a layer which sees only the stimulus may be a tensor of `state`; none of them is to be changed in place.
        """
        predictions = {}
        for layer in (each for each in self.model.layer_names if each in layers):
            if layer in self._first:
                held = state.find_held(layer, *self._origins(parameters, state, layer))
                if held is not None:
                    predictions[layer] = held
                    continue
            drive, recurrent = self.drive(parameters, state, layer), self._recurrent(layer)
            if recurrent is not None:
                state.sources[recurrent.name] = recurrent.source(state.basal[layer])
                drive += recurrent.apply(parameters.W[recurrent.name], None, state.basal[layer])
            predictions[layer] = self.potential(layer, drive)
        return predictions

    def activate(self, drive: Tensor) -> Tensor:
        """Put f(z) of hidden cells in the place of z."""
        # A copy, because autograd may need the drive that is overwritten.
        return self._in_place(drive) if self._in_place else drive.copy_(self._activation.value(torch, drive.clone()))

    def times_slope(self, error: Tensor, u: Tensor) -> Tensor:
        """Return ξ ⊙ f'(z) of hidden cells, from u = f(z)."""
        return self._fused_slope(error, u) if self._fused_slope else error * self._activation.derivative(torch, u)

    def potential(self, layer: str, drive: Tensor) -> Tensor:
        """Return what the basal dendrites of a layer settle to: f(z), or what the output has, in the place of z."""
        if layer != "output":
            return self.activate(drive)
        if self.model.output in LOSS_OF_OUTPUT:
            return drive.softmax(dim=-1) if self.model.output == "softmax" else drive
        return OUTPUTS[self.model.output].value(torch, drive)

    def output(self, state: State) -> Tensor:
        """Return the network's prediction: the basal potential of the output, (presentation, [step,] cell)."""
        return self.by_step(state.basal["output"])

    def output_error(self, state: State, targets: Tensor) -> Tensor:
        """Return target − u of the output; `targets` as :meth:`output`, the error as in `state`."""
        return self.by_step(targets) - state.basal["output"]

    def by_step(self, cells: Tensor) -> Tensor:
        """Exchange (presentation, step, ...) and (step, presentation, ...) in a recurrent network."""
        return cells.transpose(0, 1).contiguous() if self.model.is_sequence else cells

    def losses(self, output: Tensor, targets: Tensor) -> Tensor:
        """Loss of each presentation (and step) that is canonical for the output."""
        if self.model.loss == "cross-entropy":
            return -(targets * output.clamp_min(torch.finfo(output.dtype).tiny).log()).sum(dim=-1)
        if self.model.loss == "squared-error":
            return (targets - output).square().sum(dim=-1) / 2
        return OUTPUTS[self.model.output].losses(torch, output, targets).sum(dim=-1)

    def loss(self, output: Tensor, targets: Tensor) -> Tensor:
        """Mean of :meth:`losses`."""
        return self.losses(output, targets).mean()

    def _recurrent(self, layer: str) -> Projection | None:
        return next(
            (projection for projection in self.projections if projection.lag and projection.above == layer), None
        )


def _weights(parameters: Parameters, projection: Projection) -> list[Tensor]:
    bias = parameters.bias.get(projection.name)
    return [parameters.W[projection.name], *([] if bias is None else [bias])]
