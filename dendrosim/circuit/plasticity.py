"""Weight changes that the cells of a circuit ask for, computed from their own potentials."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from dendrosim.model import Model, Parameters

CellState = Mapping[str, Mapping[str, np.ndarray]]


def equilibrium_updates(model: Model, state: CellState) -> Parameters:
    """Return ΔW, Δb and ΔΘ at local convergence, the mean over presentations, without the decay.

    ΔW = ⟨δ u_below^T⟩; ΔΘ by the model's feedback rule, as in :class:`dendrosim.rules.DendriticLocalizedLearning`.

    Parameters
    ----------
    model : Model
        Gives the feedback rule.
    state : mapping
        ``state[layer][variable]`` of shape (presentation, cell): basal, soma and delta.
    """
    updates = Parameters()
    below = "input"
    for name in model.layer_names:
        delta, basal = state[name]["delta"], state[below]["basal"]
        updates.W[name] = delta.T @ basal / len(basal)
        updates.bias[name] = delta.mean(axis=0)
        if below != "input":
            match model.rules.dll.feedback:
                case "paper":
                    updates.theta[name] = -delta.T @ (state[below]["soma"] - basal) / len(basal)
                case "kolen-pollack":
                    updates.theta[name] = updates.W[name].copy()
        below = name
    return updates
