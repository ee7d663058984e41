r"""Variance of the class probabilities over stochastic passes.

Formula: \frac{1}{K} \sum_k \frac{1}{T - 1} \sum_t \left(p_{tk} - \bar p_k\right)^2
Cost: the T passes of the recipe; the score itself is free.
When: you reproduce REAL's MC-Dropout numbers; `mutual_information` and `entropy` read the same passes.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from openworld3d.scores import Arrays, precision_of

READS: tuple[str, ...] = ("class_variance",)
FITS: tuple[str, ...] = ()
KEYS: dict[str, Any] = {}


def score(outputs: Arrays) -> np.ndarray:
    """Return the variance of a class's probability over the passes, averaged over the classes.

    mean_k sum_t (p_tk - mean_t p_tk)^2 / (T - 1), which the recipe computes over its passes; the mean over a point's
    visits. class_variance (R, 1); returns (R,), in 0..1/K for two passes, higher is more unknown.
    Source: MC-Dropout in the code of REAL (Cen et al., Open-world Semantic Segmentation for LIDAR Point Clouds, ECCV
    2022).
    """
    return outputs["class_variance"][:, 0].astype(precision_of(outputs["class_variance"]))
