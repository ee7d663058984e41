"""Bins of a score: runs of neighbouring float32 numbers, told by the first bits of their patterns.

A float32's 32 bits, the sign first, then exponent and mantissa, order numbers of one sign; turned over for negative
ones they order all of them. The first `bits` of these are a bin, so that bins are finer where numbers are smaller, no
range has to be known before, and counts per bin of different points add up (reference: anchors of this field's speeds
aside, the radix sort of floats, Herf 2001).
"""

from __future__ import annotations

import numpy as np

MOST_BITS = 32
SIGN = np.uint32(1 << 31)


def ordered(score: np.ndarray) -> np.ndarray:
    """Return integers in the order of the scores: (N,) float32 without NaN -> (N,) uint32; -0 equals 0."""
    pattern = (score.astype(np.float32) + np.float32(0)).view(np.uint32)  # -0 + 0 is 0
    return np.where(pattern & SIGN, ~pattern, pattern | SIGN)


def bin_of(score: np.ndarray, bits: int) -> np.ndarray:
    """Return the bin of each score, a whole number that rises with it: (N,) float32 -> (N,) uint32 below 2^bits."""
    return ordered(score) >> np.uint32(MOST_BITS - bits)
