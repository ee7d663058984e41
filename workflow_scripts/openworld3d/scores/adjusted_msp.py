"""Maximum softmax probability, adjusted by how sure the network is of each class."""

from __future__ import annotations

from functools import partial
from typing import Mapping

import numpy as np

from openworld3d.scores.parts.class_confidence import confident_thresholds
from openworld3d.scoring.apply import Arrays, Score, refuse_one_class

READS: tuple[str, ...] = ("logits",)
FITS: tuple[str, ...] = ("logits", "target")
OPTIONS: dict[str, float] = {}


def fit(sample: Arrays) -> Score:
    """Fit how much probability, above what is usual of its class, the winning class leaves to the others.

    min_k (1 - p_k + c_k - min_j c_j) with p = softmax(z) and c_k the mean of p_k over the training voxels of class k.
    It ranks as cleanlab's `least_confidence`, max_k (p_k - c_k + max_j c_j) / sum_k (p_k - c_k + max_j c_j), whose
    denominator is 1 - sum_k c_k + K max_j c_j everywhere. Confident points of the class with the least c_k keep their
    order; those of another tie once 1 - p_k is below the resolution of float32 at c_k - min_j c_j.
    A class absent from the sample has c_k = 2 and never wins. A logit of -inf is a class of probability 0.
    sample: logits (S, K) with K >= 2, target (S,). The score: logits (R, K) -> (R,) float32 in 0..1, higher is more
    unknown. Raises UserError for one class alone, whose probability is 1 everywhere.
    Source: Tkachenko, Mueller and Northcutt, A Simple Adjustment Improves Out-of-Distribution Detection for Any
    Classifier, Cleanlab 2022.
    """
    refuse_one_class("adjusted_msp", sample["logits"])
    threshold = confident_thresholds(sample["logits"], sample["target"])
    return partial(least_confidence, handicap=threshold - threshold.min())


def least_confidence(outputs: Mapping[str, np.ndarray], *, handicap: np.ndarray) -> np.ndarray:
    """Return what the class leaves to the others that leaves least, its handicap (K,) added: (R,) float32."""
    return (complement(outputs["logits"]) + handicap).min(axis=1).astype(np.float32)


def complement(logits: np.ndarray) -> np.ndarray:
    """Return 1 - softmax, (R, K) float64, that of the winning class a sum of the others so as not to round to 0."""
    wide = logits.astype(np.float64)
    rows, top = np.arange(len(wide)), wide.argmax(axis=1)
    weight = np.exp(wide - wide[rows, top][:, None])  # (R, K)
    weight[rows, top] = 0
    rest = weight.sum(axis=1)  # (R,)
    left = 1 + rest[:, None] - weight
    left[rows, top] = rest
    return left / (1 + rest[:, None])
