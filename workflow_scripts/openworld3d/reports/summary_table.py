"""The table of methods with all seeds of a method in one row: means, standard deviations, and which are the best."""

from __future__ import annotations

from typing import Sequence

import pandas as pd

from openworld3d.metrics.bootstrap import Row, mark
from openworld3d.metrics.seeds import difference_of_means
from openworld3d.reports.numbers import deviation, shown
from openworld3d.reports.printed import Cell
from openworld3d.reports.table import IDENTITY, SIZE

MARKS_OF_MEANS = (
    "Bold: the best of a column, upper bounds aside. †: not distinguishable from it, as the 95 % interval of their "
    "difference over seeds and evaluation scenes contains 0."
)
MEANS = "Mean ± standard deviation over seeds."
ONE_SEED = "Every method has one seed: there is no standard deviation."


def summary(rows: Sequence[Row], metrics: Sequence[str]) -> pd.DataFrame:
    """Return a line for each method in full precision: each metric's mean and deviation, and `best` or `tied`."""
    names = [key for key in IDENTITY if key != "seed"]
    columns = [*names, "seeds", *SIZE, *(name for metric in metrics for name in columns_of(metric))]
    lines = []
    for row in rows:
        line = [*(row.identity[key] for key in names), len(row.of_seeds), *(row.metrics[key] for key in SIZE)]
        for metric in metrics:
            line += [row.metrics[metric], deviation_of(row, metric), marked(row, rows, metric)]
        lines.append(line)
    return pd.DataFrame(lines, columns=columns, dtype=object)


def columns_of(metric: str) -> tuple[str, str, str]:
    """Return the columns of a metric."""
    return metric, f"{metric}_sd", f"{metric}_mark"


def deviation_of(row: Row, metric: str) -> float | None:
    """Return the standard deviation of a metric over seeds, None of one seed or where it is not defined."""
    if row.metrics[metric] is None or len(row.of_seeds) < 2:
        return None
    return deviation([one.metrics[metric] for one in row.of_seeds])


def marked(row: Row, rows: Sequence[Row], metric: str) -> str:
    """Return how a mean is marked: `BEST`, `TIED` or not."""
    return mark(row, rows, metric, difference_of_means)


def cell_of_mean(row: Row, rows: Sequence[Row], metric: str, places: int) -> Cell:
    """Return a mean with its deviation as it is printed."""
    spread = deviation_of(row, metric)
    text = shown(metric, row.metrics[metric], places)
    if spread is not None:
        text += f"±{shown(metric, spread, places)}"
    return Cell(text, marked(row, rows, metric))


def note_on_seeds(rows: Sequence[Row]) -> str:
    """Return the sentence on what the numbers are."""
    return MEANS if any(len(row.of_seeds) > 1 for row in rows) else ONE_SEED
