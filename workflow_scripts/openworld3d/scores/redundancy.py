"""Probability of the unknown, by a logit of its own."""

from __future__ import annotations

from typing import Mapping

import numpy as np
from scipy.special import logsumexp

READS: tuple[str, ...] = ("logits", "unknown_logit")
FITS: tuple[str, ...] = ()
OPTIONS: dict[str, float] = {"logit": 0}


def score(outputs: Mapping[str, np.ndarray], *, logit: int) -> np.ndarray:
    """Return how likely it is, in log-odds, that a point is of none of the known classes.

    u - log sum_k e^{z_k}, u the largest logit of the redundancy classifiers: the log-odds of the unknown's
    probability in the softmax over (z, u), which rank as it does and do not round to 0. Where `logit` is not 0, u
    itself, which the released code computes and leaves unused. A logit of -inf adds nothing.
    logits (R, K) with K >= 1, unknown_logit (R, 1); returns (R,) float32, unbounded, higher is more unknown.
    Source: Cen et al., Open-world Semantic Segmentation for LIDAR Point Clouds, ECCV 2022, arXiv 2207.01452.
    """
    unknown = outputs["unknown_logit"][:, 0].astype(np.float64)
    of_known = 0 if logit else logsumexp(outputs["logits"].astype(np.float64), axis=1)  # (R,)
    return (unknown - of_known).astype(np.float32)
