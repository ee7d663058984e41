"""How good pseudo labels are, where it is known which points are of an unknown class. Nothing learns from it."""

from __future__ import annotations

import numpy as np


def count_found(mask: np.ndarray, held_out: np.ndarray) -> np.ndarray:
    """Count the held-out points that are marked, all that are marked, and all that are held out: (N,) bool, twice.

    (3,) int64, which add up over clouds.
    """
    return np.array([np.count_nonzero(part) for part in (mask & held_out, mask, held_out)], np.int64)


def precision_and_recall(found: np.ndarray) -> tuple[float, float]:
    """Return which share of the marked points is held out, and of those held out is marked, NaN where there are none.

    found (3,), a sum of `count_found`.
    """
    right, marked, held_out = found.tolist()
    return right / marked if marked else float("nan"), right / held_out if held_out else float("nan")
