r"""Probability of the unknown, by a logit of its own.

Formula: u - \log \sum_k e^{z_k}
Cost: O(K) per row; nothing is fitted, but the recipe trains the logit.
When: the recipe is `real`, `pdf`, `incremental`, `relative_energy` or `soft_exposure`, which have a logit u of the
unknown.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import logsumexp

from openworld3d.scores import Arrays, precision_of

READS: tuple[str, ...] = ("logits", "unknown_logit")
FITS: tuple[str, ...] = ()
KEYS: dict[str, Any] = {
    "logit": {
        "description": "0, or 1 for the logit of the unknown alone; 0 where it is left out",
        "type": "integer",
        "minimum": 0,
        "maximum": 1,
        "default": 0,
    },
}


def score(outputs: Arrays, *, logit: int) -> np.ndarray:
    """Return the log-odds that a point is of none of the known classes.

    u - log sum_k e^{z_k}, u the largest logit of the redundancy classifiers: the log-odds of the unknown's
    probability in the softmax over (z, u), which rank as it does and do not round to 0. Where `logit` is 1, u
    itself, which the released code computes and leaves unused. A logit of -inf adds nothing. Where u is the log-sum
    of negative logits, this is the relative energy of Li et al., arXiv 2511.06720.
    logits (R, K) with K >= 1, unknown_logit (R, 1); returns (R,), unbounded, higher is more unknown.
    Source: Cen et al., Open-world Semantic Segmentation for LIDAR Point Clouds, ECCV 2022, arXiv 2207.01452.
    """
    unknown = outputs["unknown_logit"][:, 0].astype(np.float64)
    of_known = 0 if logit else logsumexp(outputs["logits"].astype(np.float64), axis=1)  # (R,)
    return (unknown - of_known).astype(precision_of(outputs["unknown_logit"]))
