r"""Virtual-logit matching.

Formula: \alpha \left\lVert P (f - o) \right\rVert - \log \sum_k e^{z_k}
Cost: O(F^2) per row; the fit is a principal component analysis of the sample.
When: both features and logits should count.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from openworld3d.errors import UserError
from openworld3d.scores import Arrays, energy, precision_of

READS: tuple[str, ...] = ("logits", "features")
FITS: tuple[str, ...] = ("logits", "features", "weight", "last_weight", "last_bias")
KEYS: dict[str, Any] = {
    "dimension": {
        "description": "how many principal directions are left out, a whole number from 1, or 0 for the usual "
        "number; 0 where it is left out",
        "type": "integer",
        "minimum": 0,
        "default": 0,
    },
}
FLOAT32 = float(np.finfo(np.float32).eps)  # what is smaller, of numbers near 1, is rounding


def fit(sample: Arrays, *, dimension: int) -> dict[str, Any]:
    """Return the origin of the features (F,), and the minor principal directions, scaled by alpha: (F, F - D).

    D = dimension; where that is 0, 1000 of F >= 2048 features, 512 of F >= 768, else half.
    sample: logits (S, K), features (S, F), weight (S,), last_weight (K, F), last_bias (K,).
    Raises UserError where D is not below F, where the sample's features do not leave their first D directions, and
    where its largest logits are not above 0 on average, since alpha would change the sign.
    """
    last_weight = sample["last_weight"].astype(np.float64)
    inverse = np.linalg.pinv(last_weight, rcond=max(last_weight.shape) * FLOAT32)  # (F, K)
    origin = -inverse @ sample["last_bias"]  # (F,)
    centred, weight = sample["features"] - origin, sample["weight"]
    minor = minor_directions(centred, weight, dimension or usual_dimension(len(origin)))
    return {"origin": origin, "minor": minor * scale(sample["logits"], centred, weight, minor)}


def score(outputs: Arrays, *, origin: np.ndarray, minor: np.ndarray) -> np.ndarray:
    """Return how far a feature leaves the principal space of the training features, as a logit beside the classes'.

    alpha ||P (f - o)|| - log sum_k e^{z_k}: o = -W^+ b is where the last layer says nothing, P projects on all but
    the first D principal directions of f - o, uncentred, and alpha = mean max_k z_k / mean ||P (f - o)|| over the
    training sample. A logit of -inf adds nothing.
    logits (R, K) with K >= 1, features (R, F); returns (R,), unbounded, higher is more unknown.
    Source: Wang et al., ViM: Out-Of-Distribution with Virtual-logit Matching, CVPR 2022, arXiv 2203.10807; half of
    few features as in pytorch-ood 0.4.0, where OpenOOD (Yang et al., 2022, arXiv 2210.07242) takes 256 or 1000.
    """
    residual = (outputs["features"] - origin) @ minor  # (R, M)
    return (np.linalg.norm(residual, axis=1) + energy.score(outputs, temperature=1.0)).astype(
        precision_of(outputs["logits"])
    )


def usual_dimension(features: int) -> int:
    """Return how many principal directions the paper leaves out, or pytorch-ood where there are fewer features."""
    if features >= 2048:
        return 1000
    return 512 if features >= 768 else features // 2


def minor_directions(centred: np.ndarray, weight: np.ndarray, dimension: int) -> np.ndarray:
    """Return all but the first `dimension` principal directions of features (S, F) as columns: (F, F - dimension).

    weight (S,) says how often each row counts.
    """
    features = centred.shape[1]
    if dimension >= features:
        raise UserError(
            f"score vim: dimension is {dimension}, expected a number below the network's {features} features; "
            "correct it in the config"
        )
    _, vector = np.linalg.eigh(centred.T @ (centred * weight[:, None]))  # from the smallest
    return vector[:, : features - dimension]


def scale(logits: np.ndarray, centred: np.ndarray, weight: np.ndarray, minor: np.ndarray) -> float:
    """Return alpha, which scales the part of a feature along the minor directions to the size of a largest logit."""
    residual = np.average(np.linalg.norm(centred @ minor, axis=1), weights=weight)
    if residual <= FLOAT32 * np.average(np.linalg.norm(centred, axis=1), weights=weight):
        raise UserError(
            f"score vim: the training features lie within their first {len(minor) - minor.shape[1]} principal "
            "directions, expected a part outside; lower dimension in the config"
        )
    largest = np.average(logits.max(axis=1).astype(np.float64), weights=weight)
    if largest <= 0:
        raise UserError(
            f"score vim: the largest logits of the training sample are {largest:g} on average, expected above 0; "
            "take another score for this run"
        )
    return largest / residual
