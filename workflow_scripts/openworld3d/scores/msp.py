r"""Maximum softmax probability, as log-odds.

Formula: \log \sum_{k \ne k^*} e^{z_k} - z_{k^*}, \quad k^* = \arg\max_k z_k
Cost: O(K) per row; nothing is fitted.
When: you need a baseline: every paper has it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from openworld3d.networks.confidence import log_odds_of_error
from openworld3d.scores import Arrays, require_two_classes

READS: tuple[str, ...] = ("logits",)
FITS: tuple[str, ...] = ()
KEYS: dict[str, Any] = {}


def score(outputs: Arrays) -> np.ndarray:
    """Return the log-odds that the winning class is wrong.

    log sum_{k != top} e^{z_k} - z_top, which grows with 1 - max_k p_k and so ranks points alike, but does
    not round to zero where a network is confident. Of equal top logits exactly one counts as top. A logit of -inf
    adds nothing; where all but the top one are -inf, so is the score.
    logits (R, K) with K >= 2; returns (R,), unbounded, higher is more unknown.
    Raises UserError for one class alone, which has no odds.
    Source: Hendrycks and Gimpel, A Baseline for Detecting Misclassified and Out-of-Distribution Examples in
    Neural Networks, ICLR 2017, arXiv 1610.02136; their own formula is `msp_probability`.
    """
    require_two_classes("msp", outputs["logits"])
    return log_odds_of_error(outputs["logits"])
