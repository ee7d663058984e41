"""Generalised entropy."""

from __future__ import annotations

from typing import Mapping

import numpy as np

from openworld3d.errors import UserError
from openworld3d.scoring.apply import refuse_not_positive, refuse_one_class

READS: tuple[str, ...] = ("logits",)
FITS: tuple[str, ...] = ()
OPTIONS: dict[str, float] = {"gamma": 0.1, "top": 0}


def score(outputs: Mapping[str, np.ndarray], *, gamma: float, top: int) -> np.ndarray:
    """Return the generalised entropy of the largest probabilities.

    sum_{m <= M} p_(m)^gamma (1 - p_(m))^gamma with p = softmax(z), the largest first; gamma > 0, in the paper 0.1.
    M = top, and all K where top is 0 or above K; the paper takes 100 of ImageNet's 1000 classes. 1 - p_(1) is the sum
    of the other probabilities, so that confident points keep their order. A logit of -inf adds nothing.
    logits (R, K) with K >= 2; returns (R,) float32 in 0..K, higher is more unknown.
    Raises UserError for one class alone, whose probability is 1 everywhere, gamma not above 0, and top below 0.
    Source: Liu et al., GEN: Pushing the Limits of Softmax-Based Out-of-Distribution Detection, CVPR 2023.
    """
    logits = outputs["logits"]
    refuse_one_class("gen", logits)
    refuse_not_positive("gen", "gamma", gamma)
    if top < 0:
        raise UserError(f"score gen: top is {top}, expected a number from 0, which is all; correct it in the config")
    wide = logits.astype(np.float64)
    weight = np.sort(np.exp(wide - wide.max(axis=1, keepdims=True)), axis=1)[:, ::-1]  # (R, K), from 1 downwards
    rest = weight[:, 1:].sum(axis=1, keepdims=True)  # (R, 1)
    complement = np.concatenate([rest, 1 + rest - weight[:, 1:]], axis=1)  # (R, K)
    product = weight * complement / (1 + rest) ** 2
    return (product[:, : top or None] ** gamma).sum(axis=1).astype(np.float32)
