"""Convolution and pooling in NumPy: what the templates of the runtime targets call.

Layers have shape (row, channel, height, width), where a row is one presentation at one step of its sequence.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def windows(layer: np.ndarray, kernel: int, padding: int) -> np.ndarray:
    """Return all kernel x kernel windows, shape (row, channel, height', width', kernel, kernel), as a view."""
    padded = np.pad(layer, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    return sliding_window_view(padded, (kernel, kernel), axis=(2, 3))


def convolve(weights: np.ndarray, below: np.ndarray, padding: int) -> np.ndarray:
    """Return W ⋆ u; weights of shape (channel above, channel below, kernel, kernel)."""
    seen = windows(below, weights.shape[-1], padding)
    return np.moveaxis(np.tensordot(seen, weights, axes=([1, 4, 5], [1, 2, 3])), -1, 1)


def convolve_adjoint(weights: np.ndarray, above: np.ndarray, padding: int) -> np.ndarray:
    """Return Θ^T δ, the transposed convolution: the flipped kernel over δ padded to the full size."""
    kernel = weights.shape[-1]
    seen = windows(above, kernel, kernel - 1 - padding)
    return np.moveaxis(np.tensordot(seen, weights[:, :, ::-1, ::-1], axes=([1, 4, 5], [0, 2, 3])), -1, 1)


def convolution_outer(above: np.ndarray, below: np.ndarray, kernel: int, padding: int) -> np.ndarray:
    """Return Σ δ u^T over rows and positions, of the shape of the weights."""
    return np.tensordot(above, windows(below, kernel, padding), axes=([0, 2, 3], [0, 2, 3]))


def pool_windows(layer: np.ndarray, size: int) -> np.ndarray:
    """Return the whole windows side by side, shape (row, channel, height', width', size * size)."""
    rows, channels, height, width = layer.shape
    down, across = height // size, width // size
    whole = layer[:, :, : down * size, : across * size].reshape(rows, channels, down, size, across, size)
    return np.swapaxes(whole, 3, 4).reshape(rows, channels, down, across, size * size)


def max_pool(layer: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the largest of each window, and its index among the cells of its row."""
    indices = pool_windows(np.arange(layer[0].size).reshape(1, *layer.shape[1:]), size)
    which = pool_windows(layer, size).argmax(axis=-1)
    chosen = np.take_along_axis(np.broadcast_to(indices, (*which.shape, size * size)), which[..., None], -1)[..., 0]
    return take(layer, chosen), chosen


def take(layer: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Return the chosen cells of each row, of the shape of `chosen`."""
    rows = len(layer)
    return np.take_along_axis(layer.reshape(rows, -1), chosen.reshape(rows, -1), axis=1).reshape(chosen.shape)


def put(pooled: np.ndarray, chosen: np.ndarray, layer: np.ndarray) -> None:
    """Write what was pooled into the chosen cells of `layer`, and zero everywhere else."""
    rows = len(layer)
    layer[...] = 0
    np.put_along_axis(layer.reshape(rows, -1), chosen.reshape(rows, -1), pooled.reshape(rows, -1), axis=1)


def spread(pooled: np.ndarray, size: int, layer: np.ndarray) -> None:
    """Write a share of what was pooled into every cell of its window in `layer`, and zero beyond the last window."""
    down, across = pooled.shape[2] * size, pooled.shape[3] * size
    layer[...] = 0
    layer[:, :, :down, :across] = pooled.repeat(size, axis=2).repeat(size, axis=3) / size**2
