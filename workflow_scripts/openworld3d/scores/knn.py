r"""Distance to the k-th nearest training feature.

Formula: \left\lVert u - u_{(k)} \right\rVert, \quad u = \frac{f}{\lVert f \rVert}
Cost: O(S F) per row, S the sample's voxels: with `nnguide`, the slowest of the scores.
When: you want no assumption about how features are distributed, and minutes do not matter.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.neighbors import NearestNeighbors

from openworld3d.errors import UserError
from openworld3d.scores import Arrays, precision_of

READS: tuple[str, ...] = ("features",)
FITS: tuple[str, ...] = ("features", "target", "weight")
KEYS: dict[str, Any] = {
    "k": {
        "description": "a whole number from 1; 50 where it is left out",
        "type": "integer",
        "minimum": 1,
        "default": 50,
    },
}
DISTANCES_AT_ONCE = 1 << 21  # 16 MiB, with the order of as many; older scikit-learn would hold 1024 MiB


def fit(sample: Arrays, *, k: int) -> dict[str, Any]:
    """Return the index of a bank of training features, normalised to length 1, that finds the k nearest.

    The bank is a uniform part of the training voxels, `uniform_part`, of which rare classes have few.
    sample: features (S, F), target (S,), weight (S,). Raises UserError where k is above the size of the bank.
    """
    bank = sample["features"][uniform_part(sample["target"], sample["weight"])]
    if k > len(bank):
        raise UserError(
            f"score knn: k is {k}, but the bank has {len(bank)} voxels of the training sample; take a k up to that "
            "in the config"
        )
    return {"bank": NearestNeighbors(n_neighbors=k, algorithm="brute").fit(of_length_one(bank))}


def score(outputs: Arrays, *, bank: NearestNeighbors) -> np.ndarray:
    """Return how far a feature is from the k-th nearest of a bank of training features, normalised to length 1.

    ||u - u_(k)|| with u = f / ||f||; a feature of zeros stays one, at distance 1 from all others but its like. The
    paper takes k = 50 of the 50,000 features of CIFAR-10, and 1000 of all, or 10 of a hundredth, of ImageNet's.
    features (R, F); returns (R,), in 0..2, in 0..sqrt(2) where features are not negative; higher is more
    unknown.
    Source: Sun et al., Out-of-Distribution Detection with Deep Nearest Neighbors, ICML 2022, arXiv 2204.06507.
    """
    unit = of_length_one(outputs["features"])
    result = np.empty(len(unit), precision_of(outputs["features"]))
    rows_at_once = max(1, DISTANCES_AT_ONCE // bank.n_samples_fit_)
    for first in range(0, len(unit), rows_at_once):
        some = slice(first, first + rows_at_once)
        result[some] = bank.kneighbors(unit[some])[0][:, -1]
    return result


def uniform_part(target: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Return the rows of a sample that make a uniform one of the training voxels: target (S,), weight (S,) -> (R,).

    Of voxels with the largest weight all, of those with a tenth of that every tenth, and of each class at least one;
    of a class whose weights are equal the first rows, as they come in random order.
    """
    rows = []
    for label in np.unique(target):
        of_class = np.flatnonzero(target == label)
        own = weight[of_class]
        if np.ptp(own) == 0:
            places = np.arange(int(np.ceil(own[0] / weight.max() * len(own))))
        else:
            until, step = np.cumsum(own), weight.max()
            marks = np.arange(step / 2, until[-1], step) if step / 2 < until[-1] else until[-1:] / 2
            places = np.searchsorted(until, marks, side="right")
        rows.append(of_class[places])
    return np.concatenate(rows)


def of_length_one(features: np.ndarray) -> np.ndarray:
    """Return features (R, F) as float64 of Euclidean length 1; zeros stay zeros."""
    wide = features.astype(np.float64)
    length = np.linalg.norm(wide, axis=1, keepdims=True)  # (R, 1)
    return wide / np.where(length > 0, length, 1)
