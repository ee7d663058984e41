"""How much a metric varies with the protocol, and how much with the method.

Computed from a table (M, P) of the metric of M methods on P protocols that differ in their unknown classes.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.stats import spearmanr


class Shares(NamedTuple):
    """Shares of a metric's variance, adding up to 1: two-way analysis of variance with one value per cell."""

    protocol: float
    method: float
    both: float


def variance_shares(table: np.ndarray) -> Shares:
    """Return the shares of the sum of squares about the mean of a table (M, P); NaN where nothing varies.

    Means over methods vary with the protocol, means over protocols with the method; the rest is their interaction.
    """
    methods, protocols = table.shape
    centred = table - table.mean()
    total = (centred**2).sum()
    if not total > 0:
        return Shares(np.nan, np.nan, np.nan)
    protocol = methods * (centred.mean(axis=0) ** 2).sum() / total
    method = protocols * (centred.mean(axis=1) ** 2).sum() / total
    return Shares(float(protocol), float(method), max(0.0, float(1 - protocol - method)))


def rank_correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Return Spearman's rank correlation of two lists, -1..1; NaN where one of them is constant."""
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        return float("nan")
    return float(spearmanr(one, other)[0])


def agreement(table: np.ndarray) -> float:
    """Return the mean rank correlation of the methods over pairs of protocols, -1..1; NaN where none is defined."""
    _, protocols = table.shape
    pairs = [(one, other) for one in range(protocols) for other in range(one)]
    found = [rank_correlation(table[:, one], table[:, other]) for one, other in pairs]
    return float(np.nanmean(found)) if not np.isnan(found).all() else float("nan")
