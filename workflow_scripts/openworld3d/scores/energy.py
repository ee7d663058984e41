r"""Free energy.

Formula: -T \log \sum_k e^{z_k / T}
Cost: O(K) per row; nothing is fitted.
When: you want a first score that uses the size of the logits, not only their ratios; it needs nothing else.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from openworld3d.scores import Arrays, precision_of

READS: tuple[str, ...] = ("logits",)
FITS: tuple[str, ...] = ()
KEYS: dict[str, Any] = {
    "temperature": {
        "description": "a number above 0; 1 where it is left out, as in the paper",
        "type": "number",
        "exclusiveMinimum": 0,
        "default": 1.0,
    },
}


def score(outputs: Arrays, *, temperature: float) -> np.ndarray:
    """Return the free energy of the logits.

    -T log sum_k e^{z_k / T}, T = temperature > 0, which the paper leaves at 1; a logit of -inf adds nothing.
    logits (R, K) with K >= 1; returns (R,), unbounded, higher is more unknown.
    Source: Liu et al., Energy-based Out-of-distribution Detection, NeurIPS 2020, arXiv 2010.03759.
    """
    wide = outputs["logits"].astype(np.float64) / temperature
    largest = wide.max(axis=1, keepdims=True)  # (R, 1)
    log_sum = largest[:, 0] + np.log(np.exp(wide - largest).sum(axis=1))  # (R,)
    return (-temperature * log_sum).astype(precision_of(outputs["logits"]))
