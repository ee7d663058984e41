"""Say and draw how the metrics of a table's methods move with the unknown classes and their share of the points."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pandas as pd

from openworld3d.errors import UserError, run_command
from openworld3d.files import whole_file
from openworld3d.metrics.protocol_sensitivity import agreement, rank_correlation, variance_shares
from openworld3d.reports.markdown import table_lines
from openworld3d.scenes.manifests import read_manifest

METRICS = {
    "aupr": "AUPR",
    "aupr_standard": "AUPR with 5 % unknown",
    "lift": "AUPR as a multiple of the prevalence",
    "auroc": "AUROC",
}
SPREAD = ("method", "metric", "mean", "deviation", "lowest", "highest", "prevalence")
METHOD = ["backbone", "method", "coverage", "seed"]
# Without time and random names, so that equal numbers are equal files.
matplotlib.use("svg")
matplotlib.rcParams.update({"svg.hashsalt": "openworld3d", "svg.fonttype": "none"})


def main() -> None:
    """Read the arguments, compare, write the numbers, a page and a figure."""
    parser = argparse.ArgumentParser(description=__doc__, fromfile_prefix_chars="@")
    parser.add_argument("--config", required=True, type=json.loads, help='JSON: {"table": name, "rows": [...]}')
    parser.add_argument("--metrics", required=True, type=Path, nargs="+", help="metrics, one file per row, in order")
    parser.add_argument("--csv", required=True, type=Path, help="a line for each method and metric to write")
    parser.add_argument("--markdown", required=True, type=Path, help="the page to write")
    parser.add_argument("--figure", required=True, type=Path, help="figure to write, .svg")
    arguments = parser.parse_args()
    rows = read_rows(arguments.config["rows"], arguments.metrics)
    spread = spread_of(rows)
    shares = shares_of(rows)
    with whole_file(arguments.csv) as temporary:
        spread.to_csv(temporary, index=False)
    with whole_file(arguments.markdown) as temporary:
        temporary.write_text(page(arguments.config["table"], spread, shares))
    with whole_file(arguments.figure) as temporary:
        draw(rows).savefig(temporary, format="svg", metadata={"Date": None})


def read_rows(identities: list[dict[str, Any]], paths: list[Path]) -> pd.DataFrame:
    """Return a line for each row of the table: who it is, its unknown classes, their prevalence and its metrics."""
    lines = []
    for identity, path in zip(identities, paths):
        metrics = read_manifest(path, ["prevalence", "by_unknown", *METRICS])
        method = ", ".join(str(identity[key]) for key in METHOD)
        unknown = ", ".join(sorted(metrics["by_unknown"]))
        numbers = {name: metrics[name] for name in ("prevalence", *METRICS)}
        lines.append({"method": method, "protocol": identity["protocol"], "unknown": unknown, **numbers})
    rows = pd.DataFrame(lines)
    if rows["protocol"].nunique() < 2:
        raise UserError("the table has one protocol; name two or more, which differ in what is unknown")
    return without_shared(rows)


def without_shared(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with only what tells methods apart in their names."""
    parts = rows["method"].str.split(", ", expand=True)
    telling = [column for column in parts if parts[column].nunique() > 1 or column == METHOD.index("method")]
    return rows.assign(method=parts[telling].agg(", ".join, axis=1))


def spread_of(rows: pd.DataFrame) -> pd.DataFrame:
    """Return of each method and metric its mean over protocols, deviation, both ends, and rank with prevalence."""
    lines = []
    for method, of_method in rows.groupby("method", sort=False):
        for metric in METRICS:
            values = of_method[metric].to_numpy(float)
            low, high = of_method.iloc[int(values.argmin())], of_method.iloc[int(values.argmax())]
            lines.append(
                {
                    "method": method,
                    "metric": metric,
                    "protocols": len(values),
                    "mean": values.mean(),
                    "deviation": values.std(ddof=1),
                    "lowest": low[metric],
                    "lowest_unknown": low["unknown"],
                    "highest": high[metric],
                    "highest_unknown": high["unknown"],
                    "correlation_with_prevalence": rank_correlation(values, of_method["prevalence"].to_numpy(float)),
                }
            )
    return pd.DataFrame(lines)


def shares_of(rows: pd.DataFrame) -> pd.DataFrame:
    """Return of each metric what its variance goes with, and how alike protocols rank the methods."""
    lines = []
    for metric in METRICS:
        table = rows.pivot(index="method", columns="protocol", values=metric).to_numpy(float)  # (M, P)
        lines.append({"metric": metric, **variance_shares(table)._asdict(), "agreement": agreement(table)})
    return pd.DataFrame(lines)


def page(name: str, spread: pd.DataFrame, shares: pd.DataFrame) -> str:
    """Return the page: what moves each metric, then each method's spread."""
    moved = [
        (METRICS[str(metric)], *(f"{share:.0%}" for share in parts), f"{alike:.2f}")
        for metric, *parts, alike in shares.itertuples(index=False)
    ]
    spreads = [
        (
            str(row.method),
            METRICS[str(row.metric)],
            f"{row.mean:.3f}",
            f"{row.deviation:.3f}",
            f"{row.lowest:.3f} ({row.lowest_unknown})",
            f"{row.highest:.3f} ({row.highest_unknown})",
            f"{row.correlation_with_prevalence:.2f}",
        )
        for row in spread.itertuples()
    ]
    lines = [
        f"# Table {name}: what moves a metric",
        "",
        "Of a metric's variance over methods and protocols, how much goes with what is unknown, with the method, and",
        "with neither alone; and how alike two protocols order the methods (mean rank correlation).",
        "",
        *table_lines(("metric", "protocol", "method", "both", "agreement"), moved, names=1),
        "",
        "Each method over the protocols; last, the rank correlation with the share of unknown points.",
        "",
        *table_lines(SPREAD, spreads, names=2),
        "",
    ]
    return "\n".join(lines)


def draw(rows: pd.DataFrame) -> Any:
    """Return a figure with a panel for each metric against prevalence, and in it a mark for each row."""
    from matplotlib import pyplot

    figure, panels = pyplot.subplots(1, len(METRICS), figsize=(16, 4), layout="constrained")
    for panel, (metric, title) in zip(panels, METRICS.items()):
        for method, of_method in rows.groupby("method", sort=False):
            panel.scatter(of_method["prevalence"], of_method[metric].astype(float), s=18, alpha=0.7, label=method)
        panel.set(title=title, xlabel="share of unknown points", xscale="log")
        panel.grid(alpha=0.3)
    low, high = rows["prevalence"].min(), rows["prevalence"].max()
    chance = np.geomspace(low, high, 50)
    for panel, level in zip(panels, (chance, np.full(50, 0.05), np.ones(50), np.full(50, 0.5))):
        panel.plot(chance, level, color="grey", linestyle="--", label="chance")
    panels[-1].legend(fontsize=7)
    return figure


if __name__ == "__main__":
    run_command(main)
