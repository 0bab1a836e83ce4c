"""Convolution and pooling in NumPy: what the templates of the runtime targets call.

Layers have shape (row, channel, height, width), where a row is one presentation at one step of its sequence.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from dendrosim.circuit.splitmix import MOST_SPIKES

GOLDEN = 0x9E3779B97F4A7C15  # what SplitMix64 goes on by
ALL_TOGETHER = 3

Size = tuple[int, ...]  # height and width


def windows(layer: np.ndarray, kernel: Size, padding: Size) -> np.ndarray:
    """Return all windows of the kernel's size, shape (row, channel, height', width', *kernel), as a view."""
    padded = np.pad(layer, ((0, 0), (0, 0), *((length, length) for length in padding)))
    return sliding_window_view(padded, kernel, axis=(2, 3))


def convolve(weights: np.ndarray, below: np.ndarray, padding: int) -> np.ndarray:
    """Return W ⋆ u; weights of shape (channel above, channel below, kernel height, kernel width)."""
    seen = windows(below, weights.shape[2:], (padding, padding))
    return np.moveaxis(np.tensordot(seen, weights, axes=([1, 4, 5], [1, 2, 3])), -1, 1)


def convolve_adjoint(weights: np.ndarray, above: np.ndarray, padding: int) -> np.ndarray:
    """Return Θ^T δ, the transposed convolution: the flipped kernel over δ padded to the full size."""
    height, width = weights.shape[2:]
    seen = windows(above, (height, width), (height - 1 - padding, width - 1 - padding))
    return np.moveaxis(np.tensordot(seen, weights[:, :, ::-1, ::-1], axes=([1, 4, 5], [0, 2, 3])), -1, 1)


def convolution_outer(above: np.ndarray, below: np.ndarray, kernel: Size, padding: int) -> np.ndarray:
    """Return Σ δ u^T over rows and positions, of the shape of the weights."""
    return np.tensordot(above, windows(below, kernel, (padding, padding)), axes=([0, 2, 3], [0, 2, 3]))


def pool_windows(layer: np.ndarray, window: Size) -> np.ndarray:
    """Return the whole windows side by side, shape (row, channel, height', width', cells of a window)."""
    rows, channels, *cells = layer.shape
    (height, width), (down, across) = window, (cells[0] // window[0], cells[1] // window[1])
    whole = layer[:, :, : down * height, : across * width].reshape(rows, channels, down, height, across, width)
    return np.swapaxes(whole, 3, 4).reshape(rows, channels, down, across, height * width)


def max_pool(layer: np.ndarray, window: Size) -> tuple[np.ndarray, np.ndarray]:
    """Return the largest of each window, and its index among the cells of its row."""
    indices = pool_windows(np.arange(layer[0].size).reshape(1, *layer.shape[1:]), window)
    which = pool_windows(layer, window).argmax(axis=-1)
    indices = np.broadcast_to(indices, (*which.shape, indices.shape[-1]))
    chosen = np.take_along_axis(indices, which[..., None], -1)[..., 0]
    return take(layer, chosen), chosen


def take(layer: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Return the chosen cells of each row, of the shape of `chosen`."""
    rows = len(layer)
    return np.take_along_axis(layer.reshape(rows, -1), chosen.reshape(rows, -1), axis=1).reshape(chosen.shape)


def put(pooled: np.ndarray, chosen: np.ndarray, layer: np.ndarray) -> None:
    """Add what was pooled to the chosen cells of `layer`; windows do not overlap, so that no cell is chosen twice."""
    cells, chosen = layer.reshape(len(layer), -1), chosen.reshape(len(layer), -1)
    cells[np.arange(len(layer))[:, None], chosen] += pooled.reshape(len(layer), -1)


def spread(pooled: np.ndarray, window: Size, layer: np.ndarray) -> None:
    """Add a share of what was pooled to every cell of its window in `layer`; cells beyond the last window get none."""
    height, width = window
    shares = pooled.repeat(height, axis=2).repeat(width, axis=3) / (height * width)
    layer[:, :, : shares.shape[2], : shares.shape[3]] += shares


def normal(keys: np.ndarray, step: int, cells: int) -> np.ndarray:
    """Return standard normal numbers of shape (row, cell): SplitMix64 and the transform of Box and Muller.

    Parameters
    ----------
    keys : array of uint64 of shape (row,)
        One for each row.
    step : int
        Number of the time step.
    cells : int
        Cells of a row.
    """
    golden = np.uint64(GOLDEN)
    places = np.arange(step * cells, (step + 1) * cells, dtype=np.uint64)
    state = keys[:, None] + (2 * places * golden)[None, :]
    return np.sqrt(-2 * np.log(_uniform(state))) * np.cos(6.283185307179586 * _uniform(state + golden))


def poisson(keys: np.ndarray, step: int, expected: Sequence[Sequence[np.ndarray]]) -> Iterator[np.ndarray]:
    """Yield Poisson numbers of all kinds of all layers, of shape (rows * cells,): SplitMix64 and inversion.

    Two kinds share an output: the lower half of its bits is for the first.

    Parameters
    ----------
    keys : array of uint64 of shape (layer, row)
        One for each row of each layer.
    step : int
        Number of the time step.
    expected : sequence of sequence of array of shape (row, cell)
        Means of each kind of each layer.
    """
    means = [mean for kinds in expected for mean in kinds]
    wanted = np.concatenate(
        [
            half
            for layer, kinds in zip(keys, expected, strict=True)
            for half in _halves(layer, step, kinds[0].shape[1], len(kinds))
        ]
    )
    counts = _inverse(wanted, np.concatenate([mean.ravel() for mean in means]))
    yield from np.split(counts, np.cumsum([mean.size for mean in means[:-1]]))


def _halves(keys: np.ndarray, step: int, cells: int, kinds: int) -> Iterator[np.ndarray]:
    """Yield a uniform number in (0, 1) of 32 bits for each cell of each row, once for each kind."""
    words = (kinds + 1) // 2
    golden = np.uint64(GOLDEN)
    place = np.arange(cells, dtype=np.uint64) * (np.uint64(words) * golden)
    begin = keys + np.uint64((step * cells * words * GOLDEN) % 2**64)
    for kind in range(kinds):
        if kind % 2 == 0:
            word = _bits((begin + np.uint64((kind // 2 * GOLDEN) % 2**64))[:, None] + place).ravel()
        bits = word if kind % 2 == 0 else word >> np.uint64(32)
        yield (bits.astype(np.uint32) + 0.5) * 2.0**-32


def _inverse(wanted: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Return the smallest numbers at which the Poisson distribution with these means is not below `wanted`."""
    total = np.exp(-mean.astype(float))
    share, spikes = total.copy(), 0
    count = np.zeros(mean.shape)
    while spikes < ALL_TOGETHER:  # most cells are done then
        count += wanted > total
        spikes += 1
        share *= mean / spikes
        total += share
    cells: np.ndarray = np.flatnonzero(wanted > total)
    wanted, mean, share, total = (each[cells] for each in (wanted, mean, share, total))
    while cells.size and spikes < MOST_SPIKES:
        spikes += 1
        count[cells] = spikes
        share = share * mean / spikes
        total = total + share
        more = np.flatnonzero(wanted > total)
        cells, wanted, mean, share, total = (each[more] for each in (cells, wanted, mean, share, total))
    return count


def _bits(state: np.ndarray) -> np.ndarray:
    """Return the output of SplitMix64 for its state, which is overwritten."""
    state ^= state >> np.uint64(30)
    state *= np.uint64(0xBF58476D1CE4E5B9)
    state ^= state >> np.uint64(27)
    state *= np.uint64(0x94D049BB133111EB)
    state ^= state >> np.uint64(31)
    return state


def _uniform(state: np.ndarray) -> np.ndarray:
    """Return numbers in (0, 1]."""
    return ((_bits(state.copy()) >> np.uint64(11)) + np.uint64(1)) * 2.0**-53
