"""Means over seeds, and intervals of their differences: a paired test over seeds and evaluation scenes."""

from __future__ import annotations

from typing import Any, Sequence

import numpy as np
from scipy.stats import t

from openworld3d.metrics.bootstrap import CONFIDENCE, Row, difference

WITHOUT_SEED = "n/a"


def means_over_seeds(rows: Sequence[Row], metrics: Sequence[str]) -> list[Row]:
    """Return a row for all seeds of a method, with the means of its metrics: None where a seed has none.

    Its seed is the list of all, and `of_seeds` has their rows.
    """
    groups: dict[tuple[Any, ...], dict[Any, Row]] = {}
    for row in rows:
        name = tuple(value for key, value in row.identity.items() if key != "seed")
        groups.setdefault(name, {}).setdefault(row.identity["seed"], row)
    return [mean_of(list(group.values()), metrics) for group in groups.values()]


def mean_of(rows: Sequence[Row], metrics: Sequence[str]) -> Row:
    """Return the row of the means of some rows, one for each seed."""
    first = rows[0]
    values = {name: [row.metrics[name] for row in rows] for name in metrics}
    means = {name: None if None in of_seeds else float(np.mean(of_seeds)) for name, of_seeds in values.items()}
    seeds = ", ".join(str(row.identity["seed"]) for row in rows)
    return Row({**first.identity, "seed": seeds}, {**first.metrics, **means}, first.replicates, tuple(rows))


def paired(one: Row, other: Row) -> list[tuple[Row, Row]]:
    """Return the rows of two methods with the same seed; what has no seed is paired with every seed."""
    by_seed = {row.identity["seed"]: row for row in other.of_seeds}
    if WITHOUT_SEED in by_seed:
        return [(row, by_seed[WITHOUT_SEED]) for row in one.of_seeds]
    if one.of_seeds[0].identity["seed"] == WITHOUT_SEED:
        return [(one.of_seeds[0], row) for row in other.of_seeds]
    return [(row, by_seed[row.identity["seed"]]) for row in one.of_seeds if row.identity["seed"] in by_seed]


def difference_of_means(one: Row, other: Row, metric: str) -> tuple[float, float]:
    """Return the 95 % interval of one method's mean over seeds minus the other's; NaN where undefined.

    Of one seed it is the bootstrap interval over S scenes. Of K seeds with differences d_k, whose mean has the
    variance v in draws of the scenes, it is that of Student's t,

        mean(d) +- t(0.975, f) sqrt(var(d) / K + v S / (S - 1)),

    where f are the degrees of freedom for a sum of a variance with K - 1 and one with S - 1 (Satterthwaite, An
    Approximate Distribution of Estimates of Variance Components, 1946). One scene has no v. The bounds of the bins
    widen it as they do all intervals.
    """
    pairs = paired(one, other)
    if len(pairs) == 1:
        return difference(*pairs[0], metric)
    gaps = [mine.metrics[metric] - theirs.metrics[metric] for mine, theirs in pairs]
    if not gaps:
        return float("nan"), float("nan")
    of_seeds = float(np.var(gaps, ddof=1)) / len(gaps)
    low, drawn, high = np.mean([gap_of_draws(mine, theirs, metric) for mine, theirs in pairs], axis=0)
    drawn, widened = drawn[~np.isnan(drawn)], (drawn - low, high - drawn)
    below, above = (float(np.nanmean(gap)) if len(drawn) else 0.0 for gap in widened)
    scenes = len(one.replicates["scenes"])
    of_scenes = float(np.var(drawn)) * scenes / (scenes - 1) if len(drawn) else 0.0
    total, middle = of_seeds + of_scenes, float(np.mean(gaps))
    if total == 0:
        return middle - below, middle + above
    freedom = total**2 / (of_seeds**2 / (len(gaps) - 1) + of_scenes**2 / max(1, scenes - 1))
    half = float(t.ppf((1 + CONFIDENCE) / 2, freedom)) * total**0.5
    return middle - half - below, middle + half + above


def gap_of_draws(one: Row, other: Row, metric: str) -> np.ndarray:
    """Return low, value and high of the difference of two rows in each draw of the scenes: (3, R)."""
    low, value, high = one.replicates[metric]
    other_low, other_value, other_high = other.replicates[metric]
    return np.stack([low - other_high, value - other_value, high - other_low])
