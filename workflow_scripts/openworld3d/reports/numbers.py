"""Numbers as tables print them: shares in percent, to the digit of the full precision in `TABLE.csv`."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Iterable

import numpy as np

from openworld3d.metrics.table import METRICS

MISSING = "n/a"
UNSCALED = [name for name, metric in METRICS.items() if not metric.percent]


def is_number(value: object) -> bool:
    """Tell whether a value is defined."""
    return isinstance(value, (int, float)) and not math.isnan(value)


def power_of(column: str) -> int:
    """Return by which power of ten a column's numbers are multiplied to be printed."""
    return 0 if column in UNSCALED else 2


def decimals(column: str, values: Iterable[float | None]) -> int:
    """Return how many decimals a column is printed with: 1, or 2 where all of its numbers are below 10; counts: 0."""
    sizes = [abs(value) * 10 ** power_of(column) for value in values if value is not None and is_number(value)]
    if column in UNSCALED and all(float(size).is_integer() for size in sizes):
        return 0
    return 2 if max(sizes, default=0) < 10 else 1


def shown(column: str, value: float | None, places: int) -> str:
    """Return a number as it is printed, rounded half to even from the decimal digits of `TABLE.csv`."""
    if value is None or not is_number(value):
        return MISSING
    scaled = Decimal(repr(float(value) + 0.0)).scaleb(power_of(column))
    return str(scaled.quantize(Decimal(1).scaleb(-places)))


def in_percent(column: str, text: str) -> str:
    """Return a published fraction in percent, with its own digits and mark: 0.067? -> 6.7?."""
    digits = text.rstrip("?")
    return f"{Decimal(digits).scaleb(power_of(column)):f}{text[len(digits) :]}"


def deviation(values: list[float]) -> float:
    """Return the standard deviation of a sample (K,), divided by K - 1; NaN for one value."""
    return float(np.std(values, ddof=1)) if len(values) > 1 else math.nan
