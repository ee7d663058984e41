"""Call a score by name, its options at their defaults but for those given."""

from __future__ import annotations

import numpy as np

from openworld3d.plugins import load
from openworld3d.scoring import Arrays, Score, make_score


def made(name: str, sample: Arrays, **options: float) -> Score:
    """Return a score, fitted on a training sample where it fits."""
    module = load("scores", name)
    return make_score(module, {**module.OPTIONS, **options}, sample)


def scored(name: str, logits: np.ndarray, **options: float) -> np.ndarray:
    """Return the score (R,) of logits (R, K)."""
    return made(name, {}, **options)({"logits": logits})
