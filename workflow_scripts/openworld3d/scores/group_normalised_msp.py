r"""Maximum probability of a group of classes, less that of as many classes drawn at random.

Formula: \min_G \left(1 - \sum_{k \in G} p_k + \frac{K_G - \min_H K_H}{K}\right), \quad p = \mathrm{softmax}(z)
Cost: O(K) per row; nothing is fitted.
When: groups differ in how many classes they have, and `group_msp` should compare them fairly.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import expit

from openworld3d.scores import Arrays, precision_of
from openworld3d.scores.parts.groups import log_odds_against, require_two_groups, sizes

READS: tuple[str, ...] = ("logits",)
FITS: tuple[str, ...] = ("group",)
KEYS: dict[str, Any] = {}


def fit(sample: Arrays) -> dict[str, Any]:
    """Return the group of each class; nothing is estimated: group (K,).

    Raises UserError for one class, or one group, alone, whose probability is 1 everywhere.
    """
    require_two_groups("group_normalised_msp", sample["group"])
    return {"group": sample["group"]}


def score(outputs: Arrays, *, group: np.ndarray) -> np.ndarray:
    """Return how much probability the winning group leaves to the others, relative to how many classes it has.

    min_G (1 - sum_{k in G} p_k + (K_G - min_H K_H) / K) with p = softmax(z) and K_G the number of classes of G among
    the K that the network knows, so that it depends on those that are held out. It ranks as
    -max_G max(sum_{k in G} p_k - K_G / K, 0), where the inner maximum is idle: over the groups the differences add up
    to 0. Confident points of the smallest group keep their order; those of another tie once 1 - p_G is below the
    resolution of float32. A logit of -inf is a class of probability 0, which counts in K_G.
    logits (R, K) with K >= 2; returns (R,) in 0..1, higher is more unknown.
    Source: notes by others on a paper about SemanticKITTI, which was not found itself.
    """
    size = sizes(group)
    rest = expit(log_odds_against(outputs["logits"], group))  # (R, G)
    return (rest + (size - size.min()) / len(group)).min(axis=1).astype(precision_of(outputs["logits"]))
