r"""Maximum softmax probability, in the float32 of the papers.

Formula: 1 - \max_k p_k, \quad p = \mathrm{softmax}(z)
Cost: O(K) per row; nothing is fitted.
When: you reproduce published numbers with the ties that float32 makes; otherwise, take `msp`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from openworld3d.networks.confidence import max_probability
from openworld3d.scores import Arrays, require_two_classes

READS: tuple[str, ...] = ("logits",)
FITS: tuple[str, ...] = ()
KEYS: dict[str, Any] = {}


def score(outputs: Arrays) -> np.ndarray:
    """Return how much probability the winning class leaves to the others, rounded as float32 softmax rounds it.

    1 - max_k p_k with p = softmax(z) in float32, to reproduce published numbers with their ties: where `msp`, which
    ranks alike and has none, is below -16.7, points tie at 0; where it is below -10, at most 400 values are left.
    logits (R, K) with K >= 2; returns (R,) float32 in 0..1, higher is more unknown.
    Raises UserError for one class alone, whose probability is 1 everywhere.
    Source: Hendrycks and Gimpel, A Baseline for Detecting Misclassified and Out-of-Distribution Examples in
    Neural Networks, ICLR 2017, arXiv 1610.02136; so computed by the baselines of REAL (Cen et al., Open-world
    Semantic Segmentation for LIDAR Point Clouds, ECCV 2022, arXiv 2207.01452).
    """
    require_two_classes("msp_probability", outputs["logits"])
    return 1 - max_probability(outputs["logits"])
