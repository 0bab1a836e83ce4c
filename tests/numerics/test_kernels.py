"""Convolution and pooling of the runtime targets: written out by hand, with height and width that differ."""

import numpy as np
import pytest

from dendrosim.circuit import kernels

GENERATOR = np.random.default_rng(3)
BELOW, WEIGHTS = GENERATOR.standard_normal((2, 3, 6, 7)), GENERATOR.standard_normal((4, 3, 2, 5))


@pytest.mark.parametrize("padding", [0, 1])
def test_a_convolution_is_the_sum_over_its_window(padding):
    above = kernels.convolve(WEIGHTS, BELOW, padding)
    assert above.shape == (2, 4, 6 + 2 * padding - 1, 7 + 2 * padding - 4)
    padded = np.pad(BELOW, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    for (row, channel, y, x), value in np.ndenumerate(above):
        window = padded[row, :, y : y + 2, x : x + 5]
        assert value == pytest.approx((WEIGHTS[channel] * window).sum(), abs=1e-12)


@pytest.mark.parametrize("padding", [0, 1])
def test_adjoint_and_outer_product_are_those_of_the_convolution(padding):
    # <δ, W ⋆ u> is linear in u and in W: its gradients are the two.
    above = GENERATOR.standard_normal(kernels.convolve(WEIGHTS, BELOW, padding).shape)
    energy = (above * kernels.convolve(WEIGHTS, BELOW, padding)).sum()
    assert (kernels.convolve_adjoint(WEIGHTS, above, padding) * BELOW).sum() == pytest.approx(energy)
    outer = kernels.convolution_outer(above, BELOW, WEIGHTS.shape[2:], padding)
    assert outer.shape == WEIGHTS.shape
    assert (outer * WEIGHTS).sum() == pytest.approx(energy)


def test_pools_take_whole_windows_and_give_back_to_the_cells_they_took_from():
    pooled, chosen = kernels.max_pool(BELOW, (2, 3))
    assert pooled.shape == (2, 3, 3, 2)
    for (row, channel, y, x), value in np.ndenumerate(pooled):
        assert value == BELOW[row, channel, 2 * y : 2 * y + 2, 3 * x : 3 * x + 3].max()
    layer = np.zeros_like(BELOW)
    kernels.put(pooled, chosen, layer)
    assert np.count_nonzero(layer) == pooled.size
    np.testing.assert_array_equal(layer[layer != 0], BELOW[layer != 0])
    before = layer.copy()
    kernels.put(pooled, chosen, layer)
    np.testing.assert_array_equal(layer, 2 * before)  # what several connections give back adds up
    layer[...] = 0
    kernels.spread(pooled, (2, 3), layer)
    np.testing.assert_allclose(kernels.pool_windows(layer, (2, 3)).sum(axis=-1), pooled)
    np.testing.assert_array_equal(layer[..., 6:], 0.0)
