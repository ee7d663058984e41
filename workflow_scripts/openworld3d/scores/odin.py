r"""Maximum softmax probability at a high temperature, as log-odds: ODIN without its input noise.

Formula: T \log \frac{\sum_{k \ne k^*} e^{(z_k - z_{k^*}) / T}}{K - 1}
Cost: O(K) per row; nothing is fitted.
When: you want a paper's ODIN in the table; at its high temperature it ranks as the largest logit less the mean one.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from openworld3d.networks.confidence import log_odds_of_error
from openworld3d.scores import Arrays, precision_of, require_two_classes

READS: tuple[str, ...] = ("logits",)
FITS: tuple[str, ...] = ()
KEYS: dict[str, Any] = {
    "temperature": {
        "description": "a number above 0; 1000 where it is left out, as in the paper, OpenOOD and pytorch-ood",
        "type": "number",
        "exclusiveMinimum": 0,
        "default": 1000.0,
    },
}


def score(outputs: Arrays, *, temperature: float) -> np.ndarray:
    """Return the log-odds that the winning class is wrong at a temperature, relative to equal logits and times it.

    T log (sum_{k != top} e^{(z_k - z_top) / T} / (K - 1)), T = temperature > 0, which ranks as
    -max_k softmax(z / T)_k; that differs from -1 / K so little at T = 1000 that float32 would make ties of it. For T
    to infinity it is -(max_k z_k - mean_k z_k) K / (K - 1). The paper's noise on the input, 0.0014, needs gradients
    and is left out. A logit of -inf adds nothing.
    logits (R, K) with K >= 2; returns (R,), not positive, higher is more unknown.
    Raises UserError for one class alone, which has no odds.
    Source: Liang, Li and Srikant, Enhancing The Reliability of Out-of-distribution Image Detection in Neural
    Networks, ICLR 2018, arXiv 1706.02690.
    """
    logits = outputs["logits"]
    require_two_classes("odin", logits)
    odds = log_odds_of_error(logits.astype(np.float64) / temperature) - np.log(logits.shape[1] - 1)
    return (temperature * odds).astype(precision_of(logits))
