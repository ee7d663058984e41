r"""Maximum logit, less what the largest of a group's logits owes to their number.

Formula: -\max_G \left(\max_{k \in G} z_k - \log K_G\right)
Cost: O(K) per row; nothing is fitted.
When: groups differ in how many classes they have, and `max_logit` should compare them fairly.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from openworld3d.scores import Arrays, precision_of
from openworld3d.scores.parts.groups import members, sizes

READS: tuple[str, ...] = ("logits",)
FITS: tuple[str, ...] = ("group",)
KEYS: dict[str, Any] = {}


def fit(sample: Arrays) -> dict[str, Any]:
    """Return the group of each class; nothing is estimated: group (K,)."""
    return {"group": sample["group"]}


def score(outputs: Arrays, *, group: np.ndarray) -> np.ndarray:
    """Return how small the largest logit is, those of large groups counting less.

    -max_G (max_{k in G} z_k - log K_G), K_G the number of classes of G that the network knows. Where each class is a
    group, it is `max_logit`. A logit of -inf never wins.
    logits (R, K) with K >= 1; returns (R,), unbounded, higher is more unknown.
    Source: notes by others on a paper about SemanticKITTI, which was not found itself.
    """
    logits = outputs["logits"].astype(np.float64)
    largest = np.stack([logits[:, of].max(axis=1) for of in members(group)], axis=1)  # (R, G)
    return -(largest - np.log(sizes(group))).max(axis=1).astype(precision_of(outputs["logits"]))
