r"""Maximum probability of a group of classes, as log-odds.

Formula: \min_G \left(\log \sum_{k \notin G} e^{z_k} - \log \sum_{k \in G} e^{z_k}\right)
Cost: O(K) per row; nothing is fitted.
When: classes form groups, and doubt between two of a group, such as car and truck, should not count.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from openworld3d.scores import Arrays, precision_of
from openworld3d.scores.parts.groups import log_odds_against, require_two_groups

READS: tuple[str, ...] = ("logits",)
FITS: tuple[str, ...] = ("group",)
KEYS: dict[str, Any] = {}


def fit(sample: Arrays) -> dict[str, Any]:
    """Return the group of each class; nothing is estimated: group (K,).

    Raises UserError for one class, or one group, alone, whose probability is 1 everywhere.
    """
    require_two_groups("group_msp", sample["group"])
    return {"group": sample["group"]}


def score(outputs: Arrays, *, group: np.ndarray) -> np.ndarray:
    """Return the log-odds that the winning group is wrong, so that a doubt between classes of one group is none.

    min_G (log sum_{k not in G} e^{z_k} - log sum_{k in G} e^{z_k}), which ranks as -max_G sum_{k in G} p_k with
    p = softmax(z) and does not round to -1. Where each class is a group, it is `msp`. A logit of -inf adds nothing;
    where all but those of one group are -inf, so is the score.
    logits (R, K) with K >= 2; returns (R,), unbounded, higher is more unknown.
    Source: Huang and Li, MOS: Towards Scaling Out-of-distribution Detection for Large Semantic Space, CVPR 2021,
    arXiv 2105.01879, has groups, each with a softmax and an "others" class that it learns; here the groups are the
    dataset's, and the probability is that of the network's one softmax.
    """
    return log_odds_against(outputs["logits"], group).min(axis=1).astype(precision_of(outputs["logits"]))
