r"""Free energy, guided by how near the feature is to those of the training sample: NNGuide.

Formula: -\left(\log \sum_k e^{z_k}\right) \frac{1}{k} \sum_{i \in N_k(f)} u \cdot u_i \, \log \sum_c e^{z_{ic}}
Cost: O(S F) per row, S the sample's voxels: as slow as `knn`.
When: `knn` and `energy` both see something, and logits are above 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from openworld3d.errors import UserError
from openworld3d.scores import Arrays, energy, precision_of
from openworld3d.scores.knn import DISTANCES_AT_ONCE, of_length_one, uniform_part

READS: tuple[str, ...] = ("logits", "features")
FITS: tuple[str, ...] = ("logits", "features", "target", "weight")
KEYS: dict[str, Any] = {
    "k": {
        "description": "a whole number from 1; 10 where it is left out, as in the paper's code and pytorch-ood",
        "type": "integer",
        "minimum": 1,
        "default": 10,
    },
}


def fit(sample: Arrays, *, k: int) -> dict[str, Any]:
    """Return a bank of training features, each as long as its free energy is negative: (R, F).

    It is the uniform part of the training voxels that `knn` has. sample: logits (S, K), features (S, F), target (S,),
    weight (S,). Raises UserError where k is above R.
    """
    rows = uniform_part(sample["target"], sample["weight"])
    if k > len(rows):
        raise UserError(
            f"score nnguide: k is {k}, but the bank has {len(rows)} voxels of the training sample; take a k up to "
            "that in the config"
        )
    bank = of_length_one(sample["features"][rows]) * log_sum({"logits": sample["logits"][rows]})[:, None]
    return {"bank": bank, "k": k}


def score(outputs: Arrays, *, bank: np.ndarray, k: int) -> np.ndarray:
    """Return the free energy of a point, times how near its feature is to those of confident training voxels.

    -E(z) G(f) with E(z) = log sum_k e^{z_k}, u = f / ||f||, and G(f) the mean of the k largest u . u_i E(z_i) over
    the bank; u = 0 where f is. It assumes that E is positive, as it is where a logit is: the product of
    two negative numbers is positive again. OpenOOD takes k = 100 of a hundredth of the training images, pytorch-ood
    10 of all. A logit of -inf adds nothing.
    logits (R, K) with K >= 1, features (R, F); returns (R,), unbounded, higher is more unknown.
    Source: Park, Jung and Teoh, Nearest Neighbor Guidance for Out-of-Distribution Detection, ICCV 2023,
    arXiv 2309.14888.
    """
    unit = of_length_one(outputs["features"])
    guidance = np.empty(len(unit))
    rows_at_once = max(1, DISTANCES_AT_ONCE // len(bank))
    for first in range(0, len(unit), rows_at_once):
        near = unit[first : first + rows_at_once] @ bank.T  # (some, S)
        near.partition(len(bank) - k, axis=1)
        guidance[first : first + rows_at_once] = near[:, len(bank) - k :].mean(axis=1)
    return (-log_sum(outputs) * guidance).astype(precision_of(outputs["logits"]))


def log_sum(outputs: Arrays) -> np.ndarray:
    """Return log sum_k e^{z_k} of logits (R, K): (R,) float64."""
    return -energy.score({"logits": outputs["logits"].astype(np.float64)}, temperature=1.0)
