"""A recurrent layer through time, in both directions. One relaxation holds for each step of the sequence."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor


def relax_forwards(drive: Tensor, W: Tensor, activity: Callable[[Tensor], Tensor]) -> Tensor:
    """Return h_t = f(z_t + W h_{t−1}) from a layer at rest.

    Parameters
    ----------
    drive : Tensor of shape (presentation, step, cell)
        z_t, the drive from the layer below.
    W : Tensor of shape (cell, cell)
        Recurrent weights.
    activity : callable
        f.
    """
    potentials = [activity(drive[:, 0])]
    for step in range(1, drive.shape[1]):
        potentials.append(activity(torch.addmm(drive[:, step], potentials[-1], W.T)))
    return torch.stack(potentials, dim=1)


def relax_backwards(feedback: Tensor, slope: Tensor, theta: Tensor) -> Tensor:
    """Return ξ_t = g_t + Θ^T [ξ_{t+1} ⊙ f'(z_{t+1})], where nothing comes after the last step.

    The slope is that of step t + 1, the cell that the feedback comes from.

    Parameters
    ----------
    feedback : Tensor of shape (presentation, step, cell)
        g_t, the feedback from the layer above at the same step.
    slope : Tensor of shape (presentation, step, cell)
        f'(z_t).
    theta : Tensor of shape (cell, cell)
        Recurrent feedback weights.
    """
    errors = [feedback[:, -1]]
    for step in range(feedback.shape[1] - 2, -1, -1):
        errors.append(torch.addmm(feedback[:, step], errors[-1] * slope[:, step + 1], theta))
    return torch.stack(errors[::-1], dim=1)
