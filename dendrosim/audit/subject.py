"""A rule on a small network with random parameters: what the audit puts its questions to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any

import numpy as np
import torch
from torch import Tensor

from dendrosim.audit.probe import Probe, Signal, watched_maps
from dendrosim.cells import RateCell
from dendrosim.equilibrium import State
from dendrosim.errors import AuditError
from dendrosim.model import Model, Parameters
from dendrosim.model.spec import validated
from dendrosim.rules import Rule
from dendrosim.rules.rule import checked_updates

Updates = dict[str, Tensor]

_POOL = {"kind": "average-pool", "size": 2}
NETWORKS: dict[str, dict[str, Any]] = {
    "MLP": {"input": [12], "layers": [{"kind": "dense", "units": units} for units in (6, 5, 7, 3)]},
    "CNN": {
        "input": [3, 8, 8],
        "layers": [
            {"kind": "conv2d", "channels": 6, "kernel": 3},
            _POOL,
            {"kind": "conv2d", "channels": 5, "kernel": 2},
            {"kind": "dense", "units": 7},
            {"kind": "dense", "units": 3},
        ],
    },
}
"""Three hidden layers each, so that an error that passes through other layers can be told from one of the output."""


ONE_DRAW = {"draws": 1}
"""Of perturbation: with several, as many numbers are broadcast, and they could not be told from a vector."""

ONE_STEP = {"spontaneous": 1}
"""Of DLL's noise mirror: each step reads what the first does, and the audit learns from a batch many times."""


class Subject:
    """A rule on one network, in float64, with everything it could read within reach.

    Parameters
    ----------
    rule : type of Rule
        The rule.
    model : Model
        The network, with the rule's settings.
    presentations : int
        Stimuli with one-hot targets.
    seed : int
        Of parameters, stimuli and targets.

    Attributes
    ----------
    hears : tuple of str
        From which cells a cell of this rule hears: ``"below"``, ``"above"``.

    Raises
    ------
    AuditError
        The rule declares a compartment that there is not.
    """

    def __init__(self, rule: type[Rule], model: Model, presentations: int, seed: int):
        self.model, self._rule, self._seed = model, rule, seed
        auxiliary = rule.from_model(model).auxiliary
        self.parameters = Parameters.initialise(model, seed, np.float64, auxiliary).map(torch.from_numpy)
        generator = np.random.default_rng(seed)
        for tensor in dict(self.parameters.items()).values():
            if not tensor.any():  # what starts at zero carries nothing yet
                tensor.copy_(torch.from_numpy(0.1 * generator.standard_normal(tensor.shape)))
        self.stimuli = torch.from_numpy(generator.uniform(0, 1, (presentations, *model.input)))
        self.targets = torch.eye(model.sizes[-1], dtype=torch.float64)[
            generator.integers(0, model.sizes[-1], presentations)
        ]
        self.hears = _hears(rule.from_model(model).compartments)

    def free(self) -> tuple[State, list[Signal]]:
        """Return the state without a target, and the signals that led to it."""
        probe, parameters = Probe(self.model), self.parameters.map(torch.clone)
        with probe.watching(parameters) as network:
            return self._made().infer(network, parameters, self.stimuli.clone()), probe.signals

    def learn(
        self,
        probe: Probe | None = None,
        parameters: Parameters | None = None,
        change: Callable[[State], State] = lambda state: state,
        targets: Tensor | None = None,
    ) -> Updates:
        """Return how the rule changes each parameter: the direction it yields, and what it does in place.

        Parameters
        ----------
        probe : Probe, optional
            Watches while the target is present.
        parameters : Parameters, optional
            In the place of the subject's own, for learning only.
        change : callable
            Changes the state from which the rule learns.
        targets : Tensor, optional
            In the place of the subject's own.
        """
        rule, own = self._made(), self.parameters.map(torch.clone)
        with Probe(self.model).watching(own) as network:
            state = rule.infer(network, own, self.stimuli.clone())
        parameters = own if parameters is None else parameters
        with (probe or Probe(self.model)).watching(parameters) as network:
            wanted = self.targets if targets is None else targets
            before = dict(parameters.map(torch.clone).items())
            rule.constrain(network, parameters)
            updates = rule.updates(network, parameters, change(copied(state)), wanted.clone())
            changes = {key: direction.clone() for key, direction in checked_updates(rule, parameters, updates)}
        for key, tensor in parameters.items():
            if not torch.equal(tensor, before[key]):
                changes[key] = changes.get(key, 0.0) + tensor - before[key]
        return changes

    def _made(self) -> Rule:
        with watched_maps():
            rule = self._rule.from_model(self.model)
        rule.generator = torch.Generator().manual_seed(self._seed)  # the same noise in every run
        return rule


def network_of(kind: str, rules: dict[str, Any]) -> Model:
    """Return the small MLP or CNN with settings of rules, ``{"dll": {"feedback": "paper"}}``."""
    fewer = {"perturbation": ONE_DRAW, "dll": ONE_STEP}
    rules = rules | {name: settings | rules.get(name, {}) for name, settings in fewer.items()}
    return validated({"data": "digits", "rules": rules} | NETWORKS[kind], f"the {kind} of the audit")


def _hears(compartments: Sequence[str]) -> tuple[str, ...]:
    """Return from which cells, "below" and "above", the compartments of a rule's cell hear."""
    known = {each.name: each.receives for each in RateCell.compartments if each.receives}
    for compartment in compartments:
        if compartment not in known:
            raise AuditError(
                f"'{compartment}' is not a way into a cell; declare compartments out of {', '.join(known)}."
            )
    return tuple(known[compartment] for compartment in compartments)


def copied(state: State) -> State:
    """Return a state whose tensors are copies, and that holds nothing; a rule's own kind of state keeps its kind."""
    values = {each.name: getattr(state, each.name) for each in fields(state) if each.name != "held"}
    return type(state)(**{name: _copy(value) for name, value in values.items()})


def _copy(value: Any) -> Any:
    if isinstance(value, Tensor):
        return value.clone()
    if isinstance(value, dict):
        return {name: _copy(each) for name, each in value.items()}
    return tuple(_copy(each) for each in value) if isinstance(value, tuple) else value
