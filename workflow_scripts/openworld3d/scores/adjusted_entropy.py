"""Normalised entropy, adjusted by how sure the network is of each class."""

from __future__ import annotations

from functools import partial
from typing import Mapping

import numpy as np
from scipy.special import entr, softmax

from openworld3d.scores.parts.class_confidence import confident_thresholds
from openworld3d.scoring.apply import Arrays, Score, refuse_one_class

READS: tuple[str, ...] = ("logits",)
FITS: tuple[str, ...] = ("logits", "target")
OPTIONS: dict[str, float] = {}


def fit(sample: Arrays) -> Score:
    """Fit how evenly the probability is spread over the known classes, each measured by what is usual of it.

    (H(q) - h) / log K with q_k = (p_k - c_k + max_j c_j) / sum_k (p_k - c_k + max_j c_j), p = softmax(z), c_k the
    mean of p_k over the training voxels of class k, and h the least H(q), which some class has where its probability
    is 1. The more the c_k differ, the more even is every q: h is taken off so that float32 resolves what is left.
    cleanlab's `entropy` is 1 - H(q) / log K.
    A class absent from the sample has c_k = 2, as in cleanlab. A logit of -inf is a class of probability 0.
    sample: logits (S, K) with K >= 2, target (S,). The score: logits (R, K) -> (R,) float32 in 0..1 to 1e-15, higher
    is more unknown. Raises UserError for one class alone, which has no entropy to normalise.
    Source: Tkachenko, Mueller and Northcutt, A Simple Adjustment Improves Out-of-Distribution Detection for Any
    Classifier, Cleanlab 2022.
    """
    refuse_one_class("adjusted_entropy", sample["logits"])
    threshold = confident_thresholds(sample["logits"], sample["target"])
    shift = threshold.max() - threshold
    return partial(excess_entropy, shift=shift, least=adjusted_entropy(np.eye(len(shift)), shift).min())


def excess_entropy(outputs: Mapping[str, np.ndarray], *, shift: np.ndarray, least: float) -> np.ndarray:
    """Return how far the adjusted entropy is above the least, (R,) float32."""
    probability = softmax(outputs["logits"].astype(np.float64), axis=1)
    return (adjusted_entropy(probability, shift) - least).astype(np.float32)


def adjusted_entropy(probability: np.ndarray, shift: np.ndarray) -> np.ndarray:
    """Return the normalised entropy (R,) of probabilities (R, K) that are shifted by class (K,), then sum to 1."""
    adjusted = (probability + shift) / (1 + shift.sum())
    return entr(adjusted).sum(axis=1) / np.log(len(shift))
