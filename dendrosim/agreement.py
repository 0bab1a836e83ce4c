"""Proof that the two engines agree: the converged circuit against the equilibrium engine."""

from __future__ import annotations

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
    updates = rule.updates(network, parameters, state, _tensor(targets))
    errors, _ = network.descend(state, rule.output_error(state, _tensor(targets)), parameters.theta)
    found: Parameters = circuit.updates()
    return Agreement(
        error={name: _difference(circuit.state[name]["error"], errors[name]) for name in model.layer_names},
        W={name: _difference(found.W[name], update) for name, update in updates.W.items()},
        theta={name: _difference(found.theta[name], update) for name, update in updates.theta.items()},
    )


def _tensor(array: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.asarray(array, dtype=np.float64))


def _difference(circuit: np.ndarray, equilibrium: torch.Tensor) -> float:
    wanted = equilibrium.numpy()
    difference, largest = np.abs(circuit - wanted).max(), np.abs(wanted).max()
    return float(difference / largest if largest > 0 else difference)
