r"""Maximum softmax probability after temperature scaling, as log-odds.

Formula: \log \sum_{k \ne k^*} e^{z_k / T} - \frac{z_{k^*}}{T}, \quad k^* = \arg\max_k z_k
Cost: O(K) per row; the fit is one temperature.
When: you want the `msp` of a calibrated network.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.optimize import brentq
from scipy.special import softmax

from openworld3d.networks.confidence import log_odds_of_error
from openworld3d.scores import Arrays, precision_of, require_two_classes

READS: tuple[str, ...] = ("logits",)
FITS: tuple[str, ...] = ("logits", "target", "weight")
KEYS: dict[str, Any] = {}
COLDEST, HOTTEST = 0.01, 100.0
IMPOSSIBLE = -1e300  # instead of -inf, which times 0 is NaN


def fit(sample: Arrays) -> dict[str, Any]:
    """Return the temperature in 0.01..100 at which the training voxels' classes are most probable.

    argmin_T -sum_i w_i log softmax(z_i / T)_{y_i}. sample: logits (S, K) with K >= 2, target (S,), weight (S,), how
    often each voxel counts. The loss is convex in 1 / T; the minimum is found to 1e-12, where pytorch-ood and OpenOOD
    take 50 steps of L-BFGS from 1 and from 1.5. Where no voxel is mistaken, the loss has no minimum, and T is
    0.01. Raises UserError for one class alone, whose probability is 1 everywhere.
    """
    require_two_classes("temperature_scaling", sample["logits"])
    logits = np.maximum(sample["logits"].astype(np.float64), IMPOSSIBLE)
    target, weight = sample["target"], sample["weight"]
    of_target = logits[np.arange(len(target)), target]  # (S,)

    def slope(inverse: float) -> float:
        expected = (softmax(logits * inverse, axis=1) * logits).sum(axis=1)  # (S,)
        return float(np.average(expected - of_target, weights=weight))

    if slope(1 / HOTTEST) >= 0:
        return {"temperature": HOTTEST}
    if slope(1 / COLDEST) <= 0:
        return {"temperature": COLDEST}
    return {"temperature": 1 / brentq(slope, 1 / HOTTEST, 1 / COLDEST, xtol=1e-12)}


def score(outputs: Arrays, *, temperature: float) -> np.ndarray:
    """Return the log-odds that the winning class is wrong, at the temperature at which they are calibrated.

    log sum_{k != top} e^{z_k / T} - z_top / T, which ranks as -max_k softmax(z / T)_k and does not round to -1; at
    T = 1 it is `msp`. T is fitted on voxels of training scenes, since a protocol has no others that are labelled and
    not evaluated: it is lower than on scenes that the network has not seen. A logit of -inf adds nothing.
    logits (R, K) with K >= 2; returns (R,), unbounded, higher is more unknown.
    Source: Guo et al., On Calibration of Modern Neural Networks, ICML 2017, arXiv 1706.04599.
    """
    logits = outputs["logits"]
    return log_odds_of_error(logits.astype(np.float64) / temperature).astype(precision_of(logits))
