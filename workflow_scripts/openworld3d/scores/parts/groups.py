"""Groups of classes, such as vehicles: how much of the probability is outside of each."""

from __future__ import annotations

import numpy as np

from openworld3d.errors import UserError
from openworld3d.scores import require_two_classes


def members(group: np.ndarray) -> np.ndarray:
    """Return which classes are in each group that has some: the group of each class (K,) -> (G, K) bool."""
    return group == np.unique(group)[:, None]


def sizes(group: np.ndarray) -> np.ndarray:
    """Return how many classes each group has, K_G: (K,) -> (G,) int64."""
    return members(group).sum(axis=1)


def log_sums(logits: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Return log sum_{k in G} e^{z_k} of each group, -inf where all its logits are: (R, K) -> (R, G) float64."""
    order = np.argsort(group, kind="stable")
    first = np.flatnonzero(np.diff(group[order], prepend=-1))  # of each group
    return np.logaddexp.reduceat(logits.astype(np.float64)[:, order], first, axis=1)


def log_odds_against(logits: np.ndarray, group: np.ndarray) -> np.ndarray:
    """Return the log-odds that a point is of no class of each group: (R, K), group (K,), G >= 2 -> (R, G) float64.

    log sum_{k not in G} e^{z_k} - log sum_{k in G} e^{z_k}, which resolves what 1 - sum_{k in G} p_k rounds to zero.
    """
    own = log_sums(logits, group)
    others = np.full_like(own, -np.inf)
    for sums, odds in ((own, others), (own[:, ::-1], others[:, ::-1])):  # of the groups before, and of those after
        odds[:, 1:] = np.logaddexp(odds[:, 1:], np.logaddexp.accumulate(sums, axis=1)[:, :-1])
    return others - own


def require_two_groups(score: str, group: np.ndarray) -> None:
    """Raise UserError where all classes are in one group, which then has a probability of 1; group (K,)."""
    require_two_classes(score, group[None])
    if len(np.unique(group)) < 2:
        raise UserError(
            f"score {score}: all {len(group)} known classes are in one group, expected two groups or more; take "
            "another score"
        )
