r"""Probability of the unknown classes, of a network that was trained on them.

Formula: \log \frac{p}{1 - p}, \quad p = \sum_{k \text{ unknown}} p_k
Cost: none beyond the recipe's.
When: the recipe is `upper_bound`: it shows what could be reached at best.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from openworld3d.scores import Arrays, precision_of

READS: tuple[str, ...] = ("unknown_log_odds",)
FITS: tuple[str, ...] = ()
KEYS: dict[str, Any] = {}


def score(outputs: Arrays) -> np.ndarray:
    """Return the log-odds that a point is of an unknown class.

    log(p / (1 - p)) with p = sum of the unknown classes' probabilities, which ranks as p does; the mean over a
    point's visits. unknown_log_odds (R, 1); returns (R,), unbounded, higher is more unknown.
    Source: the upper bound of REAL (Cen et al., Open-world Semantic Segmentation for LIDAR Point Clouds, ECCV 2022).
    """
    return outputs["unknown_log_odds"][:, 0].astype(precision_of(outputs["unknown_log_odds"]))
