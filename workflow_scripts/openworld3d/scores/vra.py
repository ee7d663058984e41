r"""Free energy after the activations are clipped above and below: VRA.

Formula: -\log \sum_k e^{w_k \cdot \min(\max(f, l), h) + b_k}
Cost: O(F K) per row; the fit is two percentiles.
When: `react` would fit, but activations may be too small as well as too large.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from openworld3d.scores import Arrays, energy, precision_of
from openworld3d.scores.parts.percentiles import percentile_of

READS: tuple[str, ...] = ("features",)
FITS: tuple[str, ...] = ("features", "weight", "last_weight", "last_bias")
KEYS: dict[str, Any] = {
    "low": {
        "description": "a number in 0..50, the percentile of the training activations to which lower ones are "
        "raised; 10 where it is left out, as in OpenOOD",
        "type": "number",
        "minimum": 0,
        "maximum": 50,
        "default": 10.0,
    },
    "high": {
        "description": "a number in 50..100, the percentile of the training activations to which higher ones are "
        "lowered; 90 where it is left out, as in OpenOOD",
        "type": "number",
        "minimum": 50,
        "maximum": 100,
        "default": 90.0,
    },
}


def fit(sample: Arrays, *, low: float, high: float) -> dict[str, Any]:
    """Return the bounds of activations, and the last layer.

    sample: features (S, F), weight (S,), last_weight (K, F), last_bias (K,).
    """
    features, weight = sample["features"].astype(np.float64), sample["weight"]
    floor, ceiling = (percentile_of(features, weight, percentile) for percentile in (low, high))
    last_layer = {"last_weight": sample["last_weight"], "last_bias": sample["last_bias"]}
    return {"floor": floor, "ceiling": ceiling, **last_layer}


def score(
    outputs: Arrays, *, floor: float, ceiling: float, last_weight: np.ndarray, last_bias: np.ndarray
) -> np.ndarray:
    """Return the free energy of a network whose last layer gets no activation outside of what is usual in training.

    -log sum_k e^{z_k} with z = W min(max(f, l), h) + b, W and b the last layer, l = floor and h = ceiling percentiles
    of all activations of the training sample, zeros included, as in OpenOOD; pytorch-ood takes the percentiles 1 and
    99 of each feature. With infinite bounds it is `energy`, without a floor `react`: by default too where, after a
    ReLU, more than a tenth of the activations are 0.
    features (R, F); returns (R,), unbounded, higher is more unknown.
    Source: Xu et al., VRA: Variational Rectified Activation for Out-of-distribution Detection, NeurIPS 2023,
    arXiv 2302.11716; in the form of OpenOOD and pytorch-ood, which raise low activations to l.
    """
    clipped = np.clip(outputs["features"].astype(np.float64), floor, ceiling)
    logits = clipped @ last_weight.T + last_bias
    return energy.score({"logits": logits}, temperature=1.0).astype(precision_of(outputs["features"]))
