"""Proof that the two engines agree: the converged circuit against the equilibrium engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from dendrosim.checks import of_kind
from dendrosim.circuit import Circuit
from dendrosim.circuit.requirements import check_relaxed, checked_pairs
from dendrosim.equilibrium import Network
from dendrosim.errors import DataError
from dendrosim.model import Model, Parameters
from dendrosim.registry import RULES
from dendrosim.rules import LocalRule


@dataclass(frozen=True)
class Agreement:
    """Largest relative difference between the engines, by layer: max|circuit − equilibrium| / max|equilibrium|.

    Where the equilibrium is exactly zero, as in a silent layer of relu cells, it is the absolute difference.

    Attributes
    ----------
    error, W, theta : dict of str to float
        Of the local error ξ, and of the weight changes ΔW and ΔΘ; these are empty for a rule that a circuit cannot
        follow.
    """

    error: dict[str, float]
    W: dict[str, float]
    theta: dict[str, float]

    @property
    def largest(self) -> float:
        """The largest of all."""
        return max(max(by_layer.values(), default=0.0) for by_layer in (self.error, self.W, self.theta))


def compare(circuit: Circuit, stimuli: Any, targets: np.ndarray | None = None) -> Agreement:
    """Compare a relaxed circuit with the equilibrium engine on the same weights, both in float64.

    Parameters
    ----------
    circuit : Circuit
        After ``relax(stimuli, targets)``.
    stimuli, targets : array of shape (presentation, ...), or a split of a Dataset alone
        What it was relaxed on.

    Raises
    ------
    DataError
        They do not fit the model, there are no targets, or the circuit was relaxed on others in number or not at all.
    """
    circuit = of_kind(circuit, Circuit, "the circuit")
    stimuli, targets, taught = checked_pairs(circuit.model, stimuli, targets)
    if not taught:
        raise DataError("there are no targets, so that all errors vanish; give those that the circuit was relaxed on.")
    check_relaxed(circuit.state)
    relaxed = len(circuit.state["output"]["error"])
    if relaxed != len(stimuli):
        raise DataError(
            f"the circuit was relaxed on {relaxed} presentations, and these are {len(stimuli)}; give those."
        )
    errors, updates = equilibrium_of(circuit.model, circuit.parameters, stimuli, targets)
    found = circuit.updates() if updates.W or updates.theta else updates
    return Agreement(
        error=_differences({name: circuit.state[name]["error"] for name in errors}, errors),
        W=_differences(found.W, updates.W),
        theta=_differences(found.theta, updates.theta),
    )


def equilibrium_of(
    model: Model, parameters: Parameters, stimuli: np.ndarray, targets: np.ndarray
) -> tuple[dict[str, np.ndarray], Parameters]:
    """Return the local error ξ of each layer and the updates of a rule that is local, computed in torch in float64.

    Parameters
    ----------
    model : Model
        The network.
    parameters : Parameters of array
        Its weights.
    stimuli, targets : array of shape (presentation, ...)
        What is presented.
    """
    network, tensors = Network(model), parameters.map(_tensor)
    state = network.sweep(tensors, _tensor(stimuli))
    rule, updates = RULES[model.training.rule], Parameters()
    if issubclass(rule, LocalRule):
        learning = rule.from_model(model).updates(network, tensors, state, _tensor(targets))
        updates = Parameters.collect(learning)
    output_error = model.teacher.strength * network.output_error(state, _tensor(targets))
    errors = {"output": output_error}
    for synapses in network.descend(state, output_error, tensors.theta):
        if synapses.error is not None:
            errors[synapses.projection.below] = synapses.error
    by_layer = {name: network.by_step(error).numpy() for name, error in errors.items()}
    return by_layer, updates.map(lambda tensor: tensor.numpy())


def _tensor(array: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.asarray(array, dtype=np.float64))


def _differences(circuit: Mapping[str, np.ndarray], equilibrium: Mapping[str, np.ndarray]) -> dict[str, float]:
    return {
        name: float(np.abs(circuit[name].reshape(array.shape) - array).max() / (np.abs(array).max() or 1.0))
        for name, array in equilibrium.items()
    }
