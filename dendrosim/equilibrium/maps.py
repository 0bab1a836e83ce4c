"""The maps between layers, each with three operations: the drive, the feedback and the update."""

from __future__ import annotations

import torch
from torch import Tensor


class Dense:
    """Every cell above receives from every cell below."""

    @staticmethod
    def apply(W: Tensor, bias: Tensor, u: Tensor) -> Tensor:
        """Return the drive z = W u + b.

        Parameters
        ----------
        W : Tensor of shape (post, pre)
        bias : Tensor of shape (post,)
        u : Tensor of shape (presentation, pre)
        """
        return torch.addmm(bias, u, W.T)

    @staticmethod
    def adjoint(theta: Tensor, delta: Tensor) -> Tensor:
        """Return the feedback Θ^T δ, shape (presentation, pre).

        Parameters
        ----------
        theta : Tensor of shape (post, pre)
        delta : Tensor of shape (presentation, post)
        """
        return delta @ theta

    @staticmethod
    def outer(delta: Tensor, u: Tensor) -> Tensor:
        """Return ⟨δ u^T⟩, the mean over presentations of the outer product, shape (post, pre).

        Parameters
        ----------
        delta : Tensor of shape (presentation, post)
        u : Tensor of shape (presentation, pre)
        """
        return delta.T @ u / len(u)
