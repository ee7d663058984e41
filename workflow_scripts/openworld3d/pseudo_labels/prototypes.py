"""Pseudo labels of the memory-cell prototype that PDF grew out of: by low confidence, or by clustering.

A variant of the memory-cell prototype that PDF (CVPR 2024) grew out of: k-means with constrained seeds (Basu,
Banerjee and Mooney, Semi-supervised Clustering by Seeding, ICML 2002).
"""

from __future__ import annotations

import numpy as np
from scipy.spatial.distance import cdist
from scipy.special import log_softmax

from openworld3d.networks.confidence import max_probability
from openworld3d.protocols.protocol import IGNORED

ITERATIONS = 3


def low_confidence_mask(logits: np.ndarray, threshold: float) -> np.ndarray:
    """Return which points have max_k softmax(z)_k below the threshold, 0.7 in the prototype: (N, K) -> (N,) bool.

    An untrained network is as unsure of every point, so this is for a network that has learned the known classes.
    """
    return max_probability(logits) < threshold


def prototype_mask(logits: np.ndarray, target: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Return which points fall in the extra cluster, (N,) bool: logits (N, K), target (N,), 255 where unlabelled.

    In log softmax(z), which is finite, the centre of a known class starts at the mean of its labelled points, which
    stay in its cluster, and the extra one at an unlabelled point that is drawn. Three times, each unlabelled point
    goes to the nearest centre, of equally near ones to a known class's, and each centre to the mean of its cluster.
    Where no point is labelled, or every one, none is in the extra cluster; where the drawn point is of a known class,
    few.
    """
    labelled = target != IGNORED
    if labelled.all() or not labelled.any():
        return np.zeros(len(target), bool)
    place = log_softmax(logits.astype(np.float64), axis=1)  # (N, K)
    unlabelled = np.flatnonzero(~labelled)
    cluster = np.full(len(target), -1)
    present, cluster[labelled] = np.unique(target[labelled], return_inverse=True)
    extra = len(present)
    cluster[generator.choice(unlabelled)] = extra
    center = np.empty((extra + 1, place.shape[1]))
    for _ in range(ITERATIONS):
        for number in np.unique(cluster[cluster >= 0]):  # a cluster that has lost its points leaves its centre
            center[number] = place[cluster == number].mean(axis=0)
        cluster[unlabelled] = cdist(place[unlabelled], center).argmin(axis=1)
    return cluster == extra
