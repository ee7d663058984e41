"""The table of methods: its rows, its differences, and how it is printed."""

from __future__ import annotations

import math
import re
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from openworld3d.errors import UserError, nearest
from openworld3d.metrics.bootstrap import Row, comparable, difference, holds, near_best
from openworld3d.metrics.table import METRICS
from openworld3d.reports.markdown import table_lines
from openworld3d.scenes.manifests import read_manifest

IDENTITY = ["dataset", "protocol", "backbone", "recipe", "coverage", "score", "method", "seed"]
SIZE = ["points", "prevalence"]
SHARED = ["dataset", "protocol"]
OWN = ["backbone", "method", "coverage", "seed"]
ENDS = ("_low", "_high")
MISSING = "n/a"
GROUND = (
    "The unknown is the positive class, void points are left out, and every number is pooled over all "
    "original points of all evaluation scenes. Fractions, not percent; n/a: not defined; *: the best of its "
    "protocol, upper bounds aside, or not distinguishable from it, as the 95 % bootstrap interval of their "
    "difference over evaluation scenes contains 0."
)
# Of the columns that are no metrics.
COLUMNS = {
    "coverage": "single: inference on one point of each voxel, whose outputs the others share; fragments: on every "
    "point; tta: on every point in four rotations of the scene, whose outputs are averaged",
    "points": "points that are not void",
    "prevalence": "share of unknown points, which is the AUPR of a random score",
}


def read_rows(
    identities: list[dict[str, Any]], metrics: list[Path], replicates: list[Path], names: list[str]
) -> list[Row]:
    """Return the rows of the table; raises UserError where a metric is missing."""
    if not len(identities) == len(metrics) == len(replicates):
        raise UserError(
            f"the table has {len(identities)} rows, {len(metrics)} metrics files and {len(replicates)} replicates "
            "files, expected one of each per row; give as many"
        )
    rows = []
    for identity, path, drawn in zip(identities, metrics, replicates):
        with np.load(drawn) as arrays:
            of_draws = {name: arrays[name] for name in arrays.files}
        rows.append(Row(identity, read_metrics(path, [*SIZE, *names]), of_draws))
    return rows


def read_metrics(path: Path, names: list[str]) -> dict[str, Any]:
    """Read a metrics file; raises UserError where one of the named numbers is missing."""
    metrics = read_manifest(path, [*SIZE, "bootstrap"])
    choices = [name for name, value in metrics.items() if not isinstance(value, dict)]
    for name in names:
        if name not in choices:
            raise UserError(
                f"{path}: there is no metric {name!r}{nearest(name, choices)}; choose one of {', '.join(choices)}"
            )
    return metrics


def join(rows: list[Row], metrics: list[str]) -> pd.DataFrame:
    """Return one line per row: its identity, its points, and its metrics, each with the ends of its interval."""
    columns = list(dict.fromkeys([*IDENTITY, *SIZE, *(f"{name}{end}" for name in metrics for end in ("", *ENDS))]))
    lines = []
    for row in rows:
        line = {key: row.identity[key] for key in IDENTITY}
        line.update({name: row.metrics[name] for name in [*SIZE, *metrics]})
        for name in metrics:
            ends = row.metrics["bootstrap"].get(name, [None, None])
            line.update({f"{name}{end}": value for end, value in zip(ENDS, ends)})
        lines.append([line[column] for column in columns])
    return pd.DataFrame(lines, columns=columns, dtype=object)


def shown_rows(rows: list[Row], metrics: list[str]) -> pd.DataFrame:
    """Return the table as it is printed; * marks what is not distinguishable from the best of its column."""
    columns = list(dict.fromkeys([*IDENTITY, *SIZE, *metrics]))
    lines = []
    for row in rows:
        values = {**row.metrics, **row.identity}
        marks = {name: "*" for name in metrics if name in row.replicates and near_best(row, rows, name)}
        lines.append([shown(values[name]) + marks.get(name, "") for name in columns])
    return pd.DataFrame(lines, columns=columns, dtype=object)


def differences(rows: list[Row], metrics: list[str]) -> pd.DataFrame:
    """Return a line for each pair of comparable rows and each metric: the difference, and whether it holds."""
    lines = []
    for one, other in combinations(rows, 2):
        if not comparable(one, other):
            continue
        for name in metrics:
            if None in (one.metrics[name], other.metrics[name]) or name not in one.replicates:
                continue
            between = difference(one, other, name)
            gap = one.metrics[name] - other.metrics[name]
            identity = [one.identity[key] for key in SHARED]
            identity += [row.identity[key] for row in (one, other) for key in OWN]
            lines.append([*identity, name, gap, *between, holds(between)])
    columns = [*SHARED, *OWN, *(f"other_{key}" for key in OWN), "metric", "difference", "low", "high", "holds"]
    return pd.DataFrame(lines, columns=columns)


def shown(value: Any) -> str:
    """Return a cell as it is printed."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return MISSING
    return f"{value:.4f}" if isinstance(value, float) else str(value)


def caption_of(name: str, columns: list[str]) -> str:
    """Return the caption, which defines these columns."""
    definitions = {**COLUMNS, **{name: metric.definition for name, metric in METRICS.items()}}
    defined = [f"{column}: {definitions[column]}" for column in columns if column in definitions]
    return f"Table {name}. {GROUND} {'; '.join(defined)}."


def markdown(text: pd.DataFrame, caption: str) -> str:
    """Return a Markdown table, names aligned left and numbers right, with its caption below."""
    names = sum(column in IDENTITY for column in text.columns)
    return "\n".join([*table_lines(list(text.columns), text.to_numpy().tolist(), names), "", caption, ""])


def latex(text: pd.DataFrame, caption: str, name: str) -> str:
    """Return a LaTeX table with booktabs rules."""
    with pd.option_context("display.max_colwidth", None):  # pandas before 2 cuts cells at 50 characters
        return text.to_latex(
            index=False,
            escape=True,
            column_format="".join("l" if column in IDENTITY else "r" for column in text.columns),
            caption=re.sub(r"([&%$#_{}])", r"\\\1", caption),
            label=f"tab:{name}",
        )
