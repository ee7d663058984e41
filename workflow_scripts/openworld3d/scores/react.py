"""Free energy after the activations are clipped."""

from __future__ import annotations

from functools import partial
from typing import Mapping

import numpy as np

from openworld3d.scores import energy
from openworld3d.scoring.apply import Arrays, Score, refuse_outside

READS: tuple[str, ...] = ("features",)
FITS: tuple[str, ...] = ("features", "last_weight", "last_bias")
OPTIONS: dict[str, float] = {"percentile": 90.0}


def fit(sample: Arrays, *, percentile: float) -> Score:
    """Fit the free energy of a network whose last layer gets no activation above what is usual in training.

    -log sum_k e^{z_k} with z = W min(f, c) + b, W and b the last layer, and c the percentile of all activations of
    the sample, zeros included; the paper takes the 90th.
    sample: features (S, F), last_weight (K, F), last_bias (K,). The score: features (R, F) -> (R,) float32,
    unbounded, higher is more unknown. Raises UserError where the percentile is not in 0..100.
    Source: Sun, Guo and Li, ReAct: Out-of-distribution Detection With Rectified Activations, NeurIPS 2021,
    arXiv 2111.12797.
    """
    refuse_outside("react", "percentile", percentile, 0, 100)
    ceiling = np.percentile(sample["features"].astype(np.float64), percentile)
    return partial(clipped_energy, ceiling=ceiling, last_weight=sample["last_weight"], last_bias=sample["last_bias"])


def clipped_energy(
    outputs: Mapping[str, np.ndarray], *, ceiling: float, last_weight: np.ndarray, last_bias: np.ndarray
) -> np.ndarray:
    """Return the energy of the logits of features that are clipped at the ceiling, (R,) float32."""
    clipped = np.minimum(outputs["features"].astype(np.float64), ceiling)
    return energy.score({"logits": clipped @ last_weight.T + last_bias}, temperature=1.0)
