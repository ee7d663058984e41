"""How confident a network is of each class on average, by which some scores adjust its probabilities."""

from __future__ import annotations

import numpy as np
from scipy.special import softmax

LOWEST = 2e-6
OF_ABSENT_CLASS = 2.0  # no probability comes near it, so that a class without training voxels never wins


def class_confidence(logits: np.ndarray, target: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return the mean probability of each class over its own training voxels, not below 2e-6: (K,) float64.

    c_k = mean_{i: y_i = k} p_k(x_i) with p = softmax(z), voxels counted by weight; 2 for a class that has no voxel.
    logits (S, K), target (S,), weight (S,).
    Source: Northcutt, Jiang and Chuang, Confident Learning, JAIR 2021, arXiv 1911.00068; the two constants are
    cleanlab's.
    """
    probability = softmax(logits.astype(np.float64), axis=1)
    of_target = probability[np.arange(len(target)), target]  # (S,)
    count = np.bincount(target, weight, minlength=logits.shape[1])
    total = np.bincount(target, weight * of_target, minlength=logits.shape[1])
    mean = np.divide(total, count, out=np.full(len(count), OF_ABSENT_CLASS), where=count > 0)
    return np.maximum(mean, LOWEST)
