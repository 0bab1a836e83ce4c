"""A network as a module of torch: any optimizer, scheduler and loop of torch trains it by a learning rule."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from dendrosim.checks import shown, whole
from dendrosim.equilibrium import Network as Engine
from dendrosim.equilibrium.maps import channels_last
from dendrosim.errors import DataError, ModelError, ParametersError
from dendrosim.model import Model, Parameters
from dendrosim.model.parameters import KINDS
from dendrosim.registry import RULES
from dendrosim.rules import Rule
from dendrosim.rules.rule import learning_step, noise_of_epoch
from dendrosim.training.optimizer import rate_and_decay
from dendrosim.training.prediction import with_auxiliary


class Network(nn.Module):
    """A network of pyramidal cells at local convergence, as :class:`torch.nn.Module`.

    :meth:`learn` does what ``loss.backward()`` does elsewhere: it fills ``.grad``, here with minus the update of the
    learning rule that ``model.training.rule`` names. Whatever reads ``.grad`` goes on from there: optimizers,
    schedulers, clipping, accumulation over batches. Parameters have the names of a weights file: ``hidden-1.W``,
    ``hidden-1.bias``, ``hidden-2.theta``, and ``NAME.auxiliary`` for what only the rule knows.

    Mixed precision: :meth:`forward` follows ``torch.autocast``. :meth:`learn` does not, because a rule's updates are
    sums of products with no loss to be scaled: it computes in the type of the parameters, needs no ``GradScaler``, and
    is had in lower precision by ``network.bfloat16()``. ``DistributedDataParallel`` averages gradients of autograd
    only; several processes train with :func:`dendrosim.train` under torchrun.

    Parameters
    ----------
    model : Model
        The network, and its learning rule.
    parameters : Parameters of numpy.ndarray, optional
        To start from, in the place of random ones; auxiliary parameters of the rule that they lack are drawn.
    seed : int, optional
        Of random parameters and of the rule's noise; by default that of the model.

    Raises
    ------
    ModelError
        The rule has no form for this network.
    ParametersError
        The parameters are those of another network.

    Examples
    --------
    >>> import torch
    >>> import dendrosim as ds
    >>> network = ds.nn.Network(ds.load_model("digits-mlp"))
    >>> optimizer = torch.optim.AdamW(network.parameter_groups(1e-3))
    >>> loss = network.learn(torch.randn(32, 64), torch.randint(10, (32,)))
    >>> optimizer.step()
    >>> network(torch.randn(5, 64)).shape
    torch.Size([5, 10])
    """

    def __init__(self, model: Model, parameters: Parameters | None = None, seed: int | None = None):
        super().__init__()
        if not isinstance(model, Model):
            raise ModelError(f"the model is {shown(model)}; give a Model, such as load_model('digits-mlp').")
        self.model = model
        self.rule: Rule = RULES[model.training.rule].from_model(model)
        self._engine = Engine(model)
        # The same network with linear output: what it puts out are the logits.
        self._linear = Engine(model.changed(output="identity"))
        self._seed = model.training.seed if seed is None else whole(seed, "the seed", error=ParametersError)
        tensors: dict[str, nn.ParameterDict] = {}
        for key, array in _start(model, self.rule, parameters, self._seed).items():
            name, kind = key.rsplit(".", 1)
            tensors.setdefault(name, nn.ParameterDict())[kind] = nn.Parameter(channels_last(torch.from_numpy(array)))
        for name, members in tensors.items():
            self.add_module(name, members)
        self.start_epoch(1)

    def forward(self, stimuli: Tensor) -> Tensor:
        """Return what the network makes of stimuli: logits, as torch's losses take them, or quantities.

        Differentiable, also in the stimuli, where the rule predicts by the bottom-up sweep. Rules that predict
        otherwise (``equilibrium-propagation``, ``hebbian``, ``forward-forward``, ``r-stdp``) give the logarithm of
        their probabilities, without a gradient.

        Parameters
        ----------
        stimuli : Tensor of shape (batch, ``*model.input``)

        Returns
        -------
        Tensor of shape (batch, [steps,] outputs)
            Their softmax is :meth:`predict` where ``model.output`` is ``"softmax"``.

        Raises
        ------
        DataError
            The stimuli have another shape.
        """
        if type(self.rule).infer is not Rule.infer:
            output = self._engine.output(self._inferred(stimuli))
            return output.log() if self.model.output == "softmax" else output
        parameters = Parameters.collect(self._named())
        return self._linear.output(self._linear.sweep(parameters, self._fitting(stimuli)))

    def predict(self, stimuli: Tensor) -> Tensor:
        """Return what :meth:`dendrosim.Run.predict` does: probabilities of the classes, or quantities; no gradient.

        Parameters
        ----------
        stimuli : Tensor of shape (batch, ``*model.input``)

        Raises
        ------
        DataError
            The stimuli have another shape.
        """
        with self._full_precision():
            return self._engine.output(self._inferred(stimuli))

    def learn(self, stimuli: Tensor, targets: Tensor) -> Tensor:
        """Add minus the rule's update to ``.grad`` of every parameter that has one and requires a gradient.

        As after ``backward()``, gradients add up until ``optimizer.zero_grad()``. A parameter that the rule does not
        change keeps none, so that optimizers leave it alone. The smoothing of labels is the model's; its clamp is
        ``torch.nn.utils.clip_grad_value_``. Where the rule keeps parameters in place (the feedback ``released`` keeps
        the norm of Θ), they are put there first.

        Parameters
        ----------
        stimuli : Tensor of shape (batch, ``*model.input``)
        targets : Tensor
            Classes, whole numbers of shape (batch, [steps]); or probabilities or quantities, of the shape of the
            output.

        Returns
        -------
        Tensor of shape ()
            The mean loss before the update, without a gradient.

        Raises
        ------
        DataError
            Stimuli or targets have another shape.
        """
        with self._full_precision():
            stimuli, parameters = self._fitting(stimuli).detach(), self._detached()
            if not len(stimuli):
                raise DataError("there is no stimulus in this batch; leave it out.")
            wanted = self._wanted(targets, len(stimuli)).to(stimuli.dtype)
            state, updates = learning_step(self.rule, self._engine, parameters, stimuli, wanted)
            loss = self._engine.loss(self._engine.output(state), wanted)
            held = dict(self._named())
            for name, direction in updates:
                if held[name].requires_grad:
                    _descend(held[name], direction)
            self.rule.batches_done += 1
        return loss

    def start_epoch(self, number: int) -> None:
        """Give the rule the noise of an epoch, counted from 1, as :func:`dendrosim.train` does in each.

        Without it the noise of the first epoch goes on, which no rule minds; with it a loop can be resumed to the bit.
        The feedback ``mirror`` counts batches, too: a resumed loop sets ``network.rule.batches_done``.
        """
        self._epoch = whole(number, "the number of the epoch")
        self.rule.generator = noise_of_epoch(self._seed, self._epoch, self._device)

    def parameter_groups(self, learning_rate: float | None = None) -> list[dict[str, Any]]:
        """Return the groups for an optimizer of torch: W, biases, Θ and auxiliary ones, each with its rate and decay.

        With ``torch.optim.AdamW(groups, fused=True)`` each step is that of :func:`dendrosim.train`, to the bit.

        Parameters
        ----------
        learning_rate : float, optional
            Of W; by default the model's.
        """
        rate = self.model.training.learning_rate if learning_rate is None else learning_rate
        groups = []
        for kind in KINDS:
            members = [parameter for name, parameter in self._named() if name.endswith(f".{kind}")]
            share, decay = rate_and_decay(self.rule, kind)
            if members:
                groups.append({"params": members, "lr": rate * share, "weight_decay": decay})
        return groups

    def to_parameters(self) -> Parameters:
        """Return copies of all parameters as NumPy arrays, for a :class:`dendrosim.Circuit`, a file or a training."""
        return self._detached().map(lambda tensor: tensor.cpu().contiguous().numpy().copy())

    @property
    def _device(self) -> torch.device:
        return next(self.parameters()).device

    def _named(self) -> Iterator[tuple[str, nn.Parameter]]:
        return self.named_parameters(remove_duplicate=False)  # W may be tied to Θ

    def _detached(self) -> Parameters:
        return Parameters.collect(self._named()).map(Tensor.detach)

    def _full_precision(self) -> torch.autocast:
        return torch.autocast(self._device.type, enabled=False)

    def _inferred(self, stimuli: Tensor) -> Any:
        return self.rule.infer(self._engine, self._detached(), self._fitting(stimuli).detach())

    def _fitting(self, stimuli: Tensor) -> Tensor:
        is_real = isinstance(stimuli, Tensor) and not stimuli.is_complex()
        if not is_real or tuple(stimuli.shape) != (*stimuli.shape[:1], *self.model.input):
            raise DataError(
                f"stimuli are {_found(stimuli)}; give a tensor of real numbers of shape (batch, "
                f"{_listed(self.model.input)})."
            )
        return channels_last(stimuli.to(next(self.parameters()).dtype))

    def _wanted(self, targets: Tensor, batch: int) -> Tensor:
        outputs = self.model.sizes[-1]
        leading = (batch, self.model.steps) if self.model.is_sequence else (batch,)
        shape = tuple(targets.shape) if isinstance(targets, Tensor) and not targets.is_complex() else None
        if shape == (*leading, outputs):
            return targets
        has_classes = self.model.output == "softmax"
        if has_classes and shape == leading and not targets.is_floating_point():
            if not 0 <= int(targets.min()) <= int(targets.max()) < outputs:
                raise DataError(f"there is a class that is none of the {outputs} outputs; count them from 0.")
            return functional.one_hot(targets.long(), outputs)
        classes = f", or whole numbers of shape ({_listed(leading)})" if has_classes else ""
        raise DataError(
            f"targets are {_found(targets)}; give a tensor of shape ({_listed((*leading, outputs))}){classes}."
        )

    def _apply(self, *arguments: Any, **options: Any) -> Network:
        """Move the rule's noise along with the parameters (``to``, ``cuda``, ...)."""
        super()._apply(*arguments, **options)
        if self.rule.generator.device != self._device:
            self.start_epoch(self._epoch)
        return self


def _start(model: Model, rule: Rule, given: Parameters | None, seed: int) -> Parameters:
    if given is None:
        return Parameters.initialise(model, seed, auxiliary=rule.auxiliary)
    if not isinstance(given, Parameters):
        raise ParametersError(f"parameters are {shown(given)}; give Parameters, such as those of a run.")
    given.check(model)
    dtype: Any = np.result_type(*(array.dtype for array in given.W.values()))
    return with_auxiliary(Parameters.initialise(model, seed, dtype, rule.auxiliary), given)


def _descend(parameter: nn.Parameter, direction: Tensor) -> None:
    """Add minus a direction to the gradient, which has the order in memory that fused optimizers want."""
    gradient = torch.neg(direction, out=torch.empty_like(parameter, requires_grad=False))
    parameter.grad = gradient if parameter.grad is None else parameter.grad.add_(gradient)


def _found(value: Any) -> str:
    if not isinstance(value, Tensor):
        return shown(value)
    return f"of shape {tuple(value.shape)}" if not value.is_complex() else "complex numbers"


def _listed(sizes: tuple[int, ...]) -> str:
    return ", ".join(map(str, sizes))
