"""Call a score by name, its options at their defaults but for those given."""

from __future__ import annotations

import numpy as np

from openworld3d.plugins import load


def scored(name: str, logits: np.ndarray, **options: float) -> np.ndarray:
    """Return the score (R,) of logits (R, K)."""
    module = load("scores", name)
    return module.score({"logits": logits}, **{**module.OPTIONS, **options})
