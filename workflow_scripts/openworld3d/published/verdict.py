"""Our numbers beside those of papers: the verdict on each."""

from __future__ import annotations

import math
from decimal import Decimal
from statistics import mean, stdev
from typing import Sequence

from scipy import stats

ANOTHER = "another protocol"
NOT_MEASURED = "not measured"
NOT_VERIFIED = "not verified"
ONE_SEED = "one seed, which has no spread"
WITHIN = "within the spread of seeds"
OUTSIDE = "outside the spread of seeds"
CONFIDENCE = 0.95
MOST_ROUNDED = Decimal("0.05")  # papers print a decimal or more, of which YAML keeps no 0


def verdict(number: float, ours: Sequence[float], sure: bool, unlike: str) -> str:
    """Return what is to be said of a paper's number beside ours, one of each seed, all in percent."""
    if unlike:
        return ANOTHER
    if not ours:
        return NOT_MEASURED
    if not sure:
        return NOT_VERIFIED
    if len(ours) == 1:
        return ONE_SEED
    rounding = float(min(MOST_ROUNDED, Decimal(1).scaleb(exponent_of(number)) / 2))
    return WITHIN if abs(number - mean(ours)) <= reach(ours) + rounding else OUTSIDE


def exponent_of(number: float) -> int:
    """Return the power of ten of a printed number's last digit."""
    exponent = Decimal(str(number)).as_tuple().exponent
    assert isinstance(exponent, int)
    return exponent


def reach(ours: Sequence[float]) -> float:
    """Return t s sqrt(1 + 1 / n): how far from the mean of n seeds a further one lies at most, in 95 of 100 cases."""
    count = len(ours)
    quantile = float(stats.t.ppf((1 + CONFIDENCE) / 2, count - 1))
    return quantile * stdev(ours) * math.sqrt(1 + 1 / count)
