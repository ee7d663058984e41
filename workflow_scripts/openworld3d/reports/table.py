"""The table of methods: its rows, in full precision, and their differences."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from openworld3d.errors import UserError, nearest
from openworld3d.metrics.bootstrap import Row, comparable, difference, holds
from openworld3d.scenes.manifests import read_manifest

IDENTITY = ["dataset", "protocol", "backbone", "recipe", "coverage", "score", "method", "seed"]
SIZE = ["points", "prevalence"]
SHARED = ["dataset", "protocol"]
OWN = ["backbone", "method", "coverage", "seed"]
ENDS = ("_low", "_high")


def read_rows(config: dict[str, Any], metrics: list[Path], replicates: list[Path]) -> list[Row]:
    """Return the rows of the table; raises UserError where a metric is missing.

    config: the rows' identities, the metrics' names, and as `conventions` for each protocol the metrics that its
    papers call by the name of another.
    """
    identities = config["rows"]
    if not len(identities) == len(metrics) == len(replicates):
        raise UserError(
            f"the table has {len(identities)} rows, {len(metrics)} metrics files and {len(replicates)} replicates "
            "files, expected one of each per row; give as many"
        )
    rows = []
    for identity, path, drawn in zip(identities, metrics, replicates):
        with np.load(drawn) as arrays:
            of_draws = {name: arrays[name] for name in arrays.files}
        called = config["conventions"][identity["protocol"]]
        found = read_metrics(path, [*SIZE, *(called.get(name, name) for name in config["metrics"])])
        rows.append(make_row(identity, found, of_draws, called))
    return rows


def make_row(
    identity: dict[str, Any], metrics: dict[str, Any], of_draws: dict[str, np.ndarray], called: dict[str, str]
) -> Row:
    """Return a row of the table with its metrics by the names that its protocol's papers give them."""
    return Row(identity, by_convention(metrics, called), {**of_draws, **renamed(of_draws, called)})


def by_convention(metrics: dict[str, Any], called: dict[str, str]) -> dict[str, Any]:
    """Return metrics by the names that a protocol's papers give them, intervals too."""
    bootstrap = metrics["bootstrap"]
    return {**metrics, **renamed(metrics, called), "bootstrap": {**bootstrap, **renamed(bootstrap, called)}}


def renamed(values: dict[str, Any], called: dict[str, str]) -> dict[str, Any]:
    """Return the values that are called by the name of another, by that."""
    return {name: values[other] for name, other in called.items() if other in values}


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
