"""The settling law: how the error of each layer approaches equilibrium after the target appears."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from dendrosim.model.spec import Model


def settling_curve(
    time: np.ndarray, depth: int, tau_soma: float, tau_apical: float, nudged: bool = False
) -> np.ndarray:
    """Return ξ(t)/ξ* of the layer `depth` steps below the output, from a settled bottom-up sweep.

    The basal potentials do not depend on the somata, so the feedback is a chain of first-order filters: each
    layer adds the filter of its apical dendrite and of its soma. The step response of the chain is one minus
    the survival function of the sum of their (exponential) delays. With an instantaneous apical dendrite it is
    1 − e^{−t/τ} Σ_{j<depth} (t/τ)^j / j!. A nudged teacher has to move the output soma first, which is one more filter.

    Parameters
    ----------
    time : array of float
        Time since the target appeared, ms.
    depth : int
        0 for the output, 1 for the uppermost hidden layer, 2 for the one below, ...
    tau_soma, tau_apical : float
        Time constants in ms; ``tau_apical`` may be 0.
    nudged : bool
        Whether the teacher nudges the output soma instead of clamping it.

    Returns
    -------
    array of float
        The share of the error that has arrived, dimensionless, of the shape of `time`.
    """
    from scipy.linalg import expm  # takes longer to load than all of a model

    chain = [tau_soma] * nudged + [tau for tau in (tau_apical, tau_soma) if tau > 0] * depth
    if not chain:
        return np.ones(np.shape(time))  # a clamped output is there at once
    generator = np.diag([-1 / tau for tau in chain]) + np.diag([1 / tau for tau in chain[:-1]], k=1)
    elapsed = np.maximum(np.asarray(time, dtype=float), 0.0)
    survival = expm(elapsed.reshape(-1, 1, 1) * generator)[:, 0, :].sum(axis=1)
    return np.asarray(1 - survival).reshape(elapsed.shape)


def depth_below_output(model: Model, layer: str) -> int:
    """Return how many layers the error has to descend to reach a layer; 0 for the output."""
    above = next((each.above for each in model.connections if each.below == layer and not each.lag), None)
    return 0 if above is None else 1 + depth_below_output(model, above)
