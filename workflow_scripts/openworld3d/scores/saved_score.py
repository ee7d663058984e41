"""A score that somebody else computed."""

from __future__ import annotations

from typing import Any

import numpy as np

from openworld3d.scores import Arrays

READS: tuple[str, ...] = ("saved_score",)
FITS: tuple[str, ...] = ()
KEYS: dict[str, Any] = {}


def score(outputs: Arrays) -> np.ndarray:
    """Return the score as it was saved.

    saved_score (R, 1); returns (R,) float32, unbounded, higher is more unknown: what is saved as a confidence has an
    AUROC below 1/2.
    Source: whoever saved it.
    """
    return outputs["saved_score"][:, 0].astype(np.float32)
