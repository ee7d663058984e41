r"""Margin between the two largest probabilities.

Formula: -\left(p_{(1)} - p_{(2)}\right), \quad p = \mathrm{softmax}(z)
Cost: O(K) per row; nothing is fitted.
When: a point between two classes is as good as unknown; boundaries between known classes score high too.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from openworld3d.scores import Arrays, precision_of, require_two_classes

READS: tuple[str, ...] = ("logits",)
FITS: tuple[str, ...] = ()
KEYS: dict[str, Any] = {}


def score(outputs: Arrays) -> np.ndarray:
    """Return how little the winning class is ahead of the second.

    -(p_(1) - p_(2)) with p = softmax(z) and p_(1) >= p_(2) its two largest. Where the lead rounds to 1 in float32,
    of two classes once their logits differ by 18.1, points tie at -1.
    logits (R, K) with K >= 2; returns (R,) in -1..0, higher is more unknown.
    Raises UserError for one class alone, which has no margin.
    Source: Scheffer, Decomain and Wrobel, Active Hidden Markov Models for Information Extraction, IDA 2001; as a
    score, a common baseline.
    """
    logits = outputs["logits"]
    require_two_classes("margin", logits)
    wide = logits.astype(np.float64)
    weight = np.exp(wide - wide.max(axis=1, keepdims=True))  # (R, K)
    second, first = np.partition(weight, -2, axis=1)[:, -2:].T  # (R,) each
    return ((second - first) / weight.sum(axis=1)).astype(precision_of(logits))
