"""Free energy after the activations are thinned out and the rest scaled: ASH-S."""

from __future__ import annotations

from functools import partial
from typing import Mapping

import numpy as np

from openworld3d.scores import energy
from openworld3d.scoring.apply import Arrays, Score, refuse_outside

READS: tuple[str, ...] = ("features",)
FITS: tuple[str, ...] = ("last_weight", "last_bias")
OPTIONS: dict[str, float] = {"percentile": 90.0}
HIGHEST = 98.0  # which keeps one of at most 75 activations: e^75 fits in float32, e^89 does not


def fit(sample: Arrays, *, percentile: float) -> Score:
    """Fit the free energy of a network whose last layer gets each point's largest activations, sharpened.

    -log sum_k e^{z_k} with z = W g + b, W and b the last layer, and g_i = f_i e^{s / s'} where f_i is among the
    largest F - round(F percentile / 100), at least one, and 0 else; s is the sum of all activations, s' of those that
    are kept. Of equal activations all are kept or none. Where all are 0, z = b. The percentile is that of the point,
    and nothing is fitted; for ASH-S the paper and OpenOOD take 90, while 65 is the paper's for its variant that makes
    the activations equal, ASH-B.
    sample: last_weight (K, F), last_bias (K,). The score: features (R, F), not negative -> (R,) float32, unbounded,
    higher is more unknown. Raises UserError where the percentile is not in 0..98, above which float32 may overflow.
    Source: Djurisic et al., Extremely Simple Activation Shaping for Out-of-Distribution Detection, ICLR 2023,
    arXiv 2209.09858.
    """
    refuse_outside("ash", "percentile", percentile, 0, HIGHEST)
    last_weight = sample["last_weight"]
    dropped = min(round(last_weight.shape[1] * percentile / 100), last_weight.shape[1] - 1)
    return partial(shaped_energy, dropped=dropped, last_weight=last_weight, last_bias=sample["last_bias"])


def shaped_energy(
    outputs: Mapping[str, np.ndarray], *, dropped: int, last_weight: np.ndarray, last_bias: np.ndarray
) -> np.ndarray:
    """Return the energy of the logits of features of which so many are dropped, (R,) float32."""
    features = outputs["features"].astype(np.float64)
    least_kept = np.partition(features, dropped, axis=1)[:, dropped, None]  # (R, 1)
    kept = np.where(features >= least_kept, features, 0)
    total, total_kept = features.sum(axis=1, keepdims=True), kept.sum(axis=1, keepdims=True)  # (R, 1) each
    ratio = np.divide(total, total_kept, out=np.ones_like(total), where=total_kept > 0)
    return energy.score({"logits": kept * np.exp(ratio) @ last_weight.T + last_bias}, temperature=1.0)
