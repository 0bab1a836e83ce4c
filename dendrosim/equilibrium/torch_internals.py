"""All that is used of torch beyond its documented interface; `tests/properties/test_internals.py` tries each.

They are what torch's own autograd and optimizers call. Here they are called without a graph being recorded.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

_DILATION, _OUTPUT_PADDING, _GROUPS, _STRIDE, _NO_PADDING = (1, 1), (0, 0), 1, (1, 1), (0, 0)

tanh_backward = torch.ops.aten.tanh_backward
"""Of (ξ, u): ξ (1 − u²) in one pass."""

sigmoid_backward = torch.ops.aten.sigmoid_backward
"""Of (ξ, u): ξ u (1 − u) in one pass."""


def convolution_backward(
    delta: Tensor, u: Tensor, kernel: Tensor, padding: tuple[int, int], wanted: tuple[bool, bool, bool]
) -> tuple[Tensor, Tensor, Tensor]:
    """Return what a convolution feeds back, Σ δ u^T and Σ δ; of what is not wanted, None."""
    return torch.ops.aten.convolution_backward(
        delta, u, kernel, None, _STRIDE, padding, _DILATION, False, _OUTPUT_PADDING, _GROUPS, wanted
    )


def max_pool_backward(feedback: Tensor, below: Tensor, window: tuple[int, int], where: Tensor) -> Tensor:
    """Return feedback sent to the largest of each window; of `below` only shape and strides are read."""
    return torch.ops.aten.max_pool2d_with_indices_backward(
        feedback, below, window, window, _NO_PADDING, _DILATION, False, where
    )


def average_pool_backward(feedback: Tensor, below: Tensor, window: tuple[int, int]) -> Tensor:
    """Return feedback spread over each window; of `below` only the shape is read."""
    return torch.ops.aten.avg_pool2d_backward(feedback, below, window, window, _NO_PADDING, False, True, None)


def version(tensor: Tensor) -> int:
    """Return how often a tensor, or what shares its memory, was changed in place; inference mode does not count."""
    return 0 if tensor.is_inference() else tensor._version


def adamw_step(
    parameter: Tensor, direction: Tensor, moments: tuple[Tensor, Tensor, Tensor], rate: float, decay: float
) -> None:
    """Move a parameter along a direction (ascent) as torch.optim.AdamW(fused=True) does, all in place.

    Parameters
    ----------
    parameter, direction : Tensor
        Of the same shape and strides.
    moments : tuple of Tensor
        First and second moment, and the number of steps, which is already that of this one.
    rate, decay : float
        Learning rate, and decay apart from the adaptive step.
    """
    first, second, steps = moments
    torch._fused_adamw_(
        [parameter],
        [direction],
        [first],
        [second],
        [],
        [steps],
        amsgrad=False,
        beta1=0.9,
        beta2=0.999,
        lr=rate,
        weight_decay=decay,
        eps=1e-8,
        maximize=True,
    )


def adamw_step_of_all(
    parameters: Sequence[Tensor],
    direction: Tensor,
    moments: tuple[Tensor, Tensor, Tensor],
    rate: float,
    decay: float,
    room: Tensor,
) -> None:
    """Move several parameters along one direction with one pair of moments: each as :func:`adamw_step`, to the bit.

    The adaptive step is the same tensor for all of them. It is made and applied piece by piece, so that on a CPU a
    piece is still in its cache when it is applied.

    Parameters
    ----------
    parameters : sequence of Tensor
        Each of the shape and strides of `direction`, without gaps in memory.
    direction, moments, rate, decay
        As of :func:`adamw_step`.
    room : Tensor of shape (numbers of a piece,)
        For a piece of the step; to make it anew each time would cost as much as a pass.
    """
    first, second, steps = moments
    pieces = [_in_memory(tensor).split(len(room)) for tensor in (direction, first, second, *parameters)]
    for along, mean, square, *moved in zip(*pieces, strict=True):
        step = room[: len(along)].zero_()
        adamw_step(step, along, (mean, square, steps), rate, 0.0)
        for piece in moved:
            if decay:
                piece.mul_(1 - rate * decay)
            piece.add_(step)


def _in_memory(tensor: Tensor) -> Tensor:
    """Return what a tensor without gaps holds, in the order of memory."""
    return tensor.as_strided((tensor.numel(),), (1,))
