"""Mutual information between a point's class and the masks of stochastic passes."""

from __future__ import annotations

from typing import Mapping

import numpy as np

READS: tuple[str, ...] = ("mutual_information",)
FITS: tuple[str, ...] = ()
OPTIONS: dict[str, float] = {}


def score(outputs: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return how much the passes disagree, apart from what each of them is unsure of.

    H(mean_t p_t) - mean_t H(p_t) in nats, which the recipe computes over its passes; a mean over a point's visits.
    mutual_information (R, 1); returns (R,) float32 in 0..log K, higher is more unknown.
    Source: Houlsby et al., Bayesian Active Learning, arXiv 1112.5745; of dropout Gal et al., ICML 2017.
    """
    return outputs["mutual_information"][:, 0].astype(np.float32)
