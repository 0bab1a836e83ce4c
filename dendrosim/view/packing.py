"""Numbers as a page holds them."""

from __future__ import annotations

import base64

import numpy as np

DIGITS = 6
"""Significant decimal digits that a float32 gives back."""
SMALLEST = 1e-30
"""Below it a number is kept as zero: a float32 has not all its digits there."""
BYTES = 4 / 3 * 4
"""What a float32 takes in base64."""


def packed(values: np.ndarray) -> str:
    """Return numbers to six significant digits, little-endian float32 in base64."""
    values = np.asarray(values, dtype=float)
    known = np.isfinite(values) & (np.abs(values) >= SMALLEST)
    size = np.abs(np.where(known, values, 1.0))
    unit = 10.0 ** (np.floor(np.log10(size)) - (DIGITS - 1))
    rounded = np.where(known, np.round(values / unit) * unit, np.where(np.isfinite(values), 0.0, values))
    return base64.b64encode(rounded.astype("<f4").tobytes()).decode("ascii")
