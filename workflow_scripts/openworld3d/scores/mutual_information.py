r"""Mutual information between a point's class and the weights that stochastic passes draw.

Formula: H\!\left(\bar p\right) - \frac{1}{T} \sum_t H\!\left(p_t\right)
Cost: the T passes or networks of the recipe; the score itself is free.
When: you want to tell doubt that more training data would remove from noise.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from openworld3d.scores import Arrays, precision_of

READS: tuple[str, ...] = ("mutual_information",)
FITS: tuple[str, ...] = ()
KEYS: dict[str, Any] = {}


def score(outputs: Arrays) -> np.ndarray:
    """Return how much the passes disagree, beyond the uncertainty of each pass.

    H(mean_t p_t) - mean_t H(p_t) in nats, which the recipe computes over its passes; the mean over a point's visits.
    mutual_information (R, 1); returns (R,), in 0..log K, higher is more unknown.
    Source: Houlsby et al., Bayesian Active Learning, arXiv 1112.5745; of dropout Gal et al., ICML 2017.
    """
    return outputs["mutual_information"][:, 0].astype(precision_of(outputs["mutual_information"]))
