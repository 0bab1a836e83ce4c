"""The settling law: how the error of each layer approaches equilibrium after the target appears."""

from __future__ import annotations

import numpy as np
from scipy.linalg import expm


def settling_curve(time: np.ndarray, depth: int, tau_soma: float, tau_apical: float) -> np.ndarray:
    """Return ξ(t)/ξ* of the layer `depth` steps below the output, from a settled bottom-up sweep.

    The basal potentials do not depend on the somata, so the feedback is a chain of first-order filters: each
    layer adds the filter of its apical dendrite and of its soma. The step response of the chain is one minus
    the survival function of the sum of their (exponential) delays. With an instantaneous apical dendrite it is
    1 − e^{−t/τ} Σ_{j<depth} (t/τ)^j / j!.

    Parameters
    ----------
    time : array of float
        Time since the target appeared, ms.
    depth : int
        1 for the uppermost hidden layer, 2 for the one below, ...
    tau_soma, tau_apical : float
        Time constants in ms; ``tau_apical`` may be 0.

    Returns
    -------
    array of float
        The share of the error that has arrived, dimensionless, of the shape of `time`.
    """
    chain = [tau for tau in (tau_apical, tau_soma) if tau > 0] * depth
    generator = np.diag([-1 / tau for tau in chain]) + np.diag([1 / tau for tau in chain[:-1]], k=1)
    elapsed = np.maximum(np.asarray(time, dtype=float), 0.0)
    survival = expm(elapsed.reshape(-1, 1, 1) * generator)[:, 0, :].sum(axis=1)
    return np.asarray(1 - survival).reshape(elapsed.shape)
