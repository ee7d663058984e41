"""Minus the largest logit, times a factor: a score for tests of how one is added."""

from __future__ import annotations

from typing import Any

import numpy as np

from openworld3d.scores import Arrays, precision_of

READS: tuple[str, ...] = ("logits",)
FITS: tuple[str, ...] = ()
KEYS: dict[str, Any] = {
    "factor": {"description": "a number above 0", "type": "number", "exclusiveMinimum": 0, "default": 1.0},
}


def score(outputs: Arrays, *, factor: float) -> np.ndarray:
    """Return -factor max_k z_k.

    logits (R, K); returns (R,), unbounded, higher is more unknown.
    Source: none.
    """
    logits = outputs["logits"]
    return (-factor * logits.astype(np.float64).max(axis=1)).astype(precision_of(logits))
