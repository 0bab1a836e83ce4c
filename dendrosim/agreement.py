"""Proof that the two engines agree: the converged circuit against the equilibrium engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch

from dendrosim.circuit import Circuit
from dendrosim.equilibrium import Network
from dendrosim.model import Parameters
from dendrosim.rules import DendriticLocalizedLearning


@dataclass(frozen=True)
class Agreement:
    """Largest relative difference between the engines, by layer: max|circuit − equilibrium| / max|equilibrium|.

    Where the equilibrium is exactly zero, as in a silent layer of relu cells, it is the absolute difference.

    Attributes
    ----------
    error, W, theta : dict of str to float
        Of the local error ξ, and of the weight changes ΔW and ΔΘ.
    """

    error: dict[str, float]
    W: dict[str, float]
    theta: dict[str, float]

    @property
    def largest(self) -> float:
        """The largest of all."""
        return max(max(by_layer.values(), default=0.0) for by_layer in (self.error, self.W, self.theta))


def compare(circuit: Circuit, stimuli: np.ndarray, targets: np.ndarray) -> Agreement:
    """Compare a relaxed circuit with the equilibrium engine on the same weights, both in float64.

    Parameters
    ----------
    circuit : Circuit
        After ``relax(stimuli, targets)``.
    stimuli, targets : array of shape (presentation, ...)
        What it was relaxed on.
    """
    model = circuit.model
    parameters = circuit.parameters.map(_tensor)
    network = Network(model)
    state = network.sweep(parameters, _tensor(stimuli))
    rule = DendriticLocalizedLearning.from_model(model)
    updates = Parameters.collect(rule.updates(network, parameters, state, _tensor(targets)))
    output_error = rule.strength * network.output_error(state, _tensor(targets))
    errors = {"output": output_error}
    for synapses in network.descend(state, output_error, parameters.theta):
        if synapses.error is not None:
            errors[synapses.projection.below] = synapses.error
    found: Parameters = circuit.updates()
    return Agreement(
        error=_differences(
            {name: circuit.state[name]["error"] for name in model.layer_names},
            {name: network.by_step(error) for name, error in errors.items()},
        ),
        W=_differences(found.W, updates.W),
        theta=_differences(found.theta, updates.theta),
    )


def _tensor(array: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.asarray(array, dtype=np.float64))


def _differences(circuit: Mapping[str, np.ndarray], equilibrium: Mapping[str, torch.Tensor]) -> dict[str, float]:
    wanted = {name: tensor.numpy() for name, tensor in equilibrium.items()}
    return {
        name: float(np.abs(circuit[name].reshape(array.shape) - array).max() / (np.abs(array).max() or 1.0))
        for name, array in wanted.items()
    }
