"""What every learning rule is."""

from __future__ import annotations

import inspect
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from pydantic import ValidationError

from dendrosim.checks import shown
from dendrosim.errors import ModelError, PluginError
from dendrosim.model import Model, Parameters
from dendrosim.model.local_update import LocalUpdates
from dendrosim.model.part import Part
from dendrosim.model.randomness import stream
from dendrosim.registry import RULES

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from dendrosim.equilibrium import Network, State

type Updates = Iterator[tuple[str, Tensor]]
"""Pairs of a parameter's name, as in :meth:`Parameters.items`, and the direction in which to change it."""


class Rule(ABC):
    """A learning rule: given the network's state and the target, the update of every parameter.

    Attributes
    ----------
    name : str
        What it is called in model files and on the command line.
    Settings : type
        The keys of its table ``[rules.NAME]`` with their defaults: a class nested in the rule, derived from
        ``Rule.Settings``. The rule is made with them as keyword arguments; one that has no constructor of its own finds
        them in ``settings``.
    compartments : tuple of str
        What a cell of this rule holds at the same time, each with a way of its own into the cell: ``"basal"`` what
        comes up from the cells below, ``"apical"`` what comes down from those above. A point neuron has only the first.
        The audit (:mod:`dendrosim.audit`) asks whether the update of a synapse depends on anything else.
    theta_rate : float
        Learning rate of Θ relative to that of W.
    theta_moves_as_W : bool
        Whether each ΔΘ is the very tensor that is ΔW, yielded directly after it. The optimizer then keeps one pair of
        moments for both, if they also have the same rate.
    decay : float
        Decay λ of W and Θ; the optimizer applies −λW and −λΘ apart from its adaptive step.
    generator : torch.Generator
        Only source of noise. The trainer gives a new one in each epoch, seeded with the number of the epoch, so that a
        training that was interrupted goes on to the bit.
    shares_noise : bool
        Whether all ranks of a training draw the same noise: those of a rule that changes parameters in place by it.
    batches_done : int
        Batches of the training that are done; set before each batch.

    Examples
    --------
    >>> import dendrosim as ds
    >>> @ds.register_rule
    ... class Delta(ds.Rule):
    ...     '''Only the readout learns, by the delta rule.'''
    ...
    ...     name = "delta"
    ...
    ...     class Settings(ds.Rule.Settings):
    ...         gain: float = 1.0
    ...
    ...     def updates(self, network, parameters, state, targets):
    ...         error = self.settings.gain * network.output_error(state, targets)
    ...         for projection in network.projections:
    ...             if projection.above == "output":
    ...                 yield f"{projection.name}.W", projection.outer(error, state.sources[projection.name][0])
    >>> model = ds.load_model("digits-mlp", rule="delta").changed(rules={"delta": {"gain": 0.5}})
    >>> model.training.rule, model.rules.delta.gain
    ('delta', 0.5)
    """

    class Settings(Part):
        """The rule has no settings."""

    name: str = ""
    compartments: tuple[str, ...] = ("basal",)
    theta_rate: float = 0.0
    theta_moves_as_W: bool = False
    decay: float = 0.0
    generator: torch.Generator
    shares_noise: bool = False
    batches_done: int = 0

    def __init__(self, **settings: Any):
        self.settings: Any = self.Settings.model_validate(settings)

    @classmethod
    def from_model(cls, model: Model) -> Self:
        """Make the rule with the settings of the model it will train.

        Raises
        ------
        ModelError
            The rule has no form for this network.
        """
        return cls(**dict(cls.settings_of(model)))

    @classmethod
    def settings_of(cls, model: Model) -> Any:
        """Return the settings that a model has for this rule, an object of its class ``Settings``."""
        return model.rules.of(cls.name, cls.Settings)

    @classmethod
    def predicts_bottom_up(cls) -> bool:
        """Tell whether it predicts by the bottom-up sweep, to which circuits settle, and not by a state of its own."""
        return cls.infer is Rule.infer

    @classmethod
    def local_updates(cls, model: Model) -> LocalUpdates | None:
        """Return how W and Θ change by what meets at each synapse, which a circuit can do by itself.

        None where a rule needs more than that; see :class:`~dendrosim.rules.LocalRule`.
        """
        return None

    def auxiliary(self, model: Model, generator: np.random.Generator) -> Mapping[str, np.ndarray]:
        """Draw the parameters that no other rule has (:attr:`Parameters.auxiliary`); most rules have none."""
        return {}

    def constrain(self, network: Network, parameters: Parameters) -> None:  # noqa: B027
        """Put parameters back in place to where the rule keeps them, before each batch; most rules keep none."""

    def infer(self, network: Network, parameters: Parameters, stimuli: Tensor) -> State:
        """Return the state to predict with and to learn from: the bottom-up sweep, unless the rule has another."""
        return network.sweep(parameters, stimuli)

    @abstractmethod
    def updates(self, network: Network, parameters: Parameters, state: State, targets: Tensor) -> Updates:
        """Yield the directions in which to change the parameters (ascent: W ← W + η ΔW), one after the other.

        `state` is what :meth:`infer` returned. A parameter is yielded when the rule no longer reads it, so that it
        can be changed at once and only one direction is in memory at a time. Two parameters may share one direction,
        which must not be changed then.
        """


def learning_step(
    rule: Rule, network: Network, parameters: Parameters, stimuli: Tensor, targets: Tensor
) -> tuple[State, Updates]:
    """Return the state that a batch leads to and, still to be computed, its updates.

    Each step of every training is this one, with the smoothing of labels of the model.
    """
    rule.constrain(network, parameters)
    state, smooth = rule.infer(network, parameters, stimuli), network.model.training.label_smoothing
    wanted = targets if smooth == 0 else targets * (1 - smooth) + smooth / targets.shape[-1]
    return state, checked_updates(rule, parameters, rule.updates(network, parameters, state, wanted))


def checked_updates(rule: Rule, parameters: Parameters, updates: Any) -> Updates:
    """Yield updates, which a stranger's rule may have got wrong.

    Raises
    ------
    PluginError
        They are none of names of parameters with tensors of the same shape and type.
    """
    from torch import Tensor

    if not isinstance(updates, Iterable):
        raise PluginError(f"the updates of the rule '{rule.name}' are {shown(updates)}; yield a name with a direction.")
    known = dict(parameters.items())
    for update in updates:
        if not isinstance(update, tuple) or not (
            len(update) == 2 and isinstance(update[0], str) and update[0] in known
        ):
            raise PluginError(
                f"the rule '{rule.name}' yields {shown(update)} as an update; yield the name of a parameter out of "
                f"{', '.join(known)}, with its direction."
            )
        name, direction = update
        wanted = known[name]
        if not isinstance(direction, Tensor) or (direction.shape, direction.dtype) != (wanted.shape, wanted.dtype):
            raise PluginError(
                f"the rule '{rule.name}' yields {_form(direction)} for '{name}'; yield {_form(wanted)}, its direction."
            )
        del update  # nothing else holds a direction while the next one is computed
        yield name, direction
        del direction


def _form(value: Any) -> str:
    """Return what a tensor is, in words."""
    from torch import Tensor

    if not isinstance(value, Tensor):
        return shown(value)
    return f"a tensor of {str(value.dtype).removeprefix('torch.')} and of shape {tuple(value.shape)}"


def hebbian_updates(network: Network, parameters: Parameters, state: State, layer: str, delta: Tensor) -> Updates:
    """Yield Δb = ⟨δ⟩ and ΔW = ⟨δ u^T⟩ of all connections to one layer."""
    from dendrosim.equilibrium.projection import Synapses

    for projection in network.projections:
        if projection.above == layer:
            source, where = state.sources[projection.name]
            synapses = Synapses(projection, source, delta, None, where)
            if projection.name in parameters.bias:
                yield f"{projection.name}.bias", synapses.hebbian_bias()
            yield f"{projection.name}.W", synapses.hebbian()


def noise_of_epoch(seed: int, epoch: int, device: torch.device, rank: int = 0) -> torch.Generator:
    """Return the source of a rule's noise in one epoch; each rank has other presentations and other noise."""
    import torch

    sequence = stream(seed, "rule", epoch, rank)
    return torch.Generator(device).manual_seed(int(sequence.generate_state(1, np.uint64)[0]))


def noise_like(potential: Tensor, deviation: float, generator: torch.Generator) -> Tensor:
    """Return noise from a normal distribution for each of some cells."""
    import torch

    # It is drawn in the order of memory, because torch is slow where strides are others.
    noise = torch.empty(potential.numel(), dtype=potential.dtype, device=potential.device)
    return noise.normal_(std=deviation, generator=generator).as_strided(potential.shape, potential.stride())


def refuse_sequences(model: Model, rule: str) -> None:
    """Raise ModelError for a recurrent network, if a rule has no form for it."""
    if model.is_sequence:
        raise ModelError(
            f"{model.source}: '{rule}' has no form for recurrent networks; set training.rule to 'dll', "
            "'predictive-coding' or 'backpropagation'."
        )


def refuse_regressions(model: Model, rule: str) -> None:
    """Raise ModelError for a network that does not tell classes apart, if a rule has no form for it."""
    if model.output != "softmax":
        raise ModelError(f"{model.source}: '{rule}' needs classes; set output to 'softmax'.")


def register_rule[R: type[Rule]](rule: R) -> R:
    """Make a rule of one's own known under its name; a decorator.

    Raises
    ------
    PluginError
        It is no rule, lacks something, or its name is taken.
    """
    return RULES.register(getattr(rule, "name", ""), rule)


def check_rule(name: str, rule: Any) -> None:
    """Raise PluginError, with what is missing, for an object that is no learning rule.

    Parameters
    ----------
    name : str
        Under which it is to be known.
    rule : object
        What a user brought.
    """
    if not (isinstance(rule, type) and issubclass(rule, Rule)):
        raise PluginError(f"{shown(rule)} is no learning rule; give its name, or a class derived from dendrosim.Rule.")
    title = rule.__qualname__
    if not isinstance(rule.name, str) or not _NAME.fullmatch(rule.name):
        raise PluginError(
            f"the rule {title} is called {shown(rule.name)}; give it a name of letters, digits and hyphens, such as "
            'name = "my-rule".'
        )
    if rule.name != name:
        raise PluginError(f"the rule {title} calls itself '{rule.name}' and not '{name}'; register it under its name.")
    if inspect.isabstract(rule):
        missing = ", ".join(sorted(rule.__abstractmethods__))
        raise PluginError(f"the rule {title} has no '{missing}'; write that method.")
    if not (isinstance(rule.Settings, type) and issubclass(rule.Settings, Part)):
        raise PluginError(f"the Settings of the rule {title} are no settings; derive them from Rule.Settings.")
    try:
        rule.Settings.model_validate({})
    except ValidationError as error:
        key = ".".join(map(str, error.errors()[0]["loc"]))
        raise PluginError(f"the setting '{key}' of the rule {title} has no valid default; give it one.") from None


_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
