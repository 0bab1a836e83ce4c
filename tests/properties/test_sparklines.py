"""Sparklines: one line of text that rises and falls with its values."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dendrosim.commands.live import LEVELS, sparkline

VALUES = st.floats(-1e100, 1e100, allow_subnormal=False)
WIDTHS = st.integers(1, 60)


def heights(line):
    return [LEVELS.index(character) for character in line]


@given(st.lists(st.one_of(VALUES, st.sampled_from([np.nan, np.inf, -np.inf]))), WIDTHS, st.booleans())
def test_it_fits_the_width_and_has_a_character_for_each_value_or_share(values, width, logarithmic):
    line = sparkline(values, width, logarithmic)
    assert len(line) == min(width, len(values))
    assert set(line) <= {*LEVELS, " "}


@given(st.lists(VALUES, min_size=2, max_size=60), WIDTHS)
def test_it_rises_with_values_that_rise_however_they_are_squeezed(values, width):
    drawn = heights(sparkline(sorted(values), width))
    assert drawn == sorted(drawn)
    assert drawn[0] == 0


@given(st.lists(st.integers(-500, 500), min_size=2, max_size=60, unique=True))
def test_the_smallest_value_is_at_the_bottom_and_the_largest_at_the_top(values):
    drawn = heights(sparkline(values, 60))
    assert drawn[int(np.argmin(values))] == 0
    assert drawn[int(np.argmax(values))] == len(LEVELS) - 1


@given(st.lists(st.integers(0, 500), min_size=2, max_size=30, unique=True), st.integers(-3, 3), st.integers(-50, 50))
def test_neither_the_unit_nor_the_zero_of_a_measure_matters(values, power, shift):
    moved = [2.0**power * (value + shift) for value in values]
    assert sparkline(moved, 30) == sparkline(values, 30)


@given(st.lists(st.integers(-300, 300), min_size=2, max_size=30, unique=True))
def test_a_logarithmic_curve_is_that_of_the_exponents(exponents):
    drawn = heights(sparkline([10.0**exponent for exponent in exponents], 30, logarithmic=True))
    wanted = heights(sparkline(exponents, 30))
    assert np.abs(np.subtract(drawn, wanted)).max() <= 1  # the logarithm may round to the other side
    assert drawn[int(np.argmax(exponents))] == len(LEVELS) - 1


@given(VALUES, st.integers(1, 40))
def test_what_moves_by_rounding_alone_is_flat(value, count):
    assert heights(sparkline([value, *[value * (1 + 1e-6)] * count], 60)) == [0] * (count + 1)


def test_values_that_are_squeezed_are_the_means_of_their_shares():
    assert sparkline([0, 2, 4, 10, 7, 7], 3) == sparkline([1, 7, 7], 3) == "▁██"


@pytest.mark.parametrize("gap", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_a_gap_that_moves_nothing_else(gap):
    assert sparkline([0, gap, 7], 10) == "▁ █"
    assert sparkline([0, gap, 7, 7], 2) == "▁█"
    assert sparkline([gap, gap], 10) == "  "


def test_what_is_not_above_zero_is_a_gap_on_a_logarithmic_scale():
    assert sparkline([1e-9, 0.0, -1.0, 1.0], 10, logarithmic=True) == "▁  █"
