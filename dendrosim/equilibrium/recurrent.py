"""A recurrent layer through time, in both directions. One relaxation holds for each step of the sequence."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor


def relax_forwards(drive: Tensor, W: Tensor, activate: Callable[[Tensor], Tensor]) -> Tensor:
    """Return h_t = f(z_t + W h_{t−1}) from a layer at rest.

    Parameters
    ----------
    drive : Tensor of shape (step, presentation, cell)
        z_t, the drive from the layer below; overwritten by h, unless autograd follows.
    W : Tensor of shape (cell, cell)
        Recurrent weights.
    activate : callable
        Puts f(z) in the place of z.
    """
    first, *later = drive.unbind()
    transposed = W.T.to(drive.dtype)
    if torch.is_grad_enabled() and (drive.requires_grad or W.requires_grad):
        states = [activate(first.clone())]  # autograd reads every state again, so that none may be overwritten
        for step in later:
            states.append(activate(torch.addmm(step, states[-1], transposed)))
        return torch.stack(states)
    before = activate(first)
    for step in later:
        before = activate(step.addmm_(before, transposed))
    return drive


def relax_backwards(feedback: Tensor, slope: Tensor, theta: Tensor) -> tuple[Tensor, Tensor]:
    """Return ξ_t = g_t + Θ^T δ_{t+1} and δ_t = ξ_t ⊙ f'(z_t), where nothing comes after the last step.

    Parameters
    ----------
    feedback : Tensor of shape (step, presentation, cell)
        g_t, the feedback from the layer above at the same step; overwritten by ξ.
    slope : Tensor of shape (step, presentation, cell)
        f'(z_t); overwritten by δ.
    theta : Tensor of shape (cell, cell)
        Recurrent feedback weights.
    """
    errors, deltas = feedback.unbind(), slope.unbind()
    deltas[-1].mul_(errors[-1])
    for step in range(len(errors) - 2, -1, -1):
        errors[step].addmm_(deltas[step + 1], theta)
        deltas[step].mul_(errors[step])
    return feedback, slope
