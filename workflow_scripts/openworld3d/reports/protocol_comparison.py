"""How the metrics of a table vary with its protocols: with the unknown classes and their share of the points."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from openworld3d.errors import UserError
from openworld3d.metrics.protocol_sensitivity import agreement, rank_correlation, variance_shares
from openworld3d.reports.markdown import table_lines
from openworld3d.scenes.manifests import read_manifest

# Metrics whose dependence on the prevalence differs, and their titles.
COMPARED = {
    "aupr": "AUPR",
    "aupr_standard": "AUPR with 5 % unknown",
    "lift": "AUPR as a multiple of the prevalence",
    "auroc": "AUROC",
}
SPREAD = ("method", "metric", "mean", "deviation", "lowest", "highest", "prevalence")
METHOD = ["backbone", "method", "coverage", "seed"]


def read_rows(identities: list[dict[str, Any]], paths: list[Path]) -> pd.DataFrame:
    """Return a line for each row of the table: method, protocol, unknown classes, prevalence and metrics."""
    lines = []
    for identity, path in zip(identities, paths):
        metrics = read_manifest(path, ["prevalence", "by_unknown", *COMPARED])
        method = ", ".join(str(identity[key]) for key in METHOD)
        unknown = ", ".join(sorted(metrics["by_unknown"]))
        numbers = {name: metrics[name] for name in ("prevalence", *COMPARED)}
        lines.append({"method": method, "protocol": identity["protocol"], "unknown": unknown, **numbers})
    rows = pd.DataFrame(lines)
    if rows["protocol"].nunique() < 2:
        raise UserError("the table has one protocol, expected two or more with different unknown classes; add one")
    return rows.assign(method=short_names(rows["method"]))


def short_names(names: pd.Series[str]) -> pd.Series[str]:
    """Return the names of methods without the parts that all of them share."""
    parts = names.str.split(", ", expand=True)
    kept = [column for column in parts if parts[column].nunique() > 1 or column == METHOD.index("method")]
    return parts[kept].agg(", ".join, axis=1)


def spread_of(rows: pd.DataFrame) -> pd.DataFrame:
    """Return mean, deviation, extremes and correlation with prevalence over the protocols, by method and metric."""
    lines = []
    for method, of_method in rows.groupby("method", sort=False):
        for metric in COMPARED:
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
    """Return the shares of each metric's variance, and how well protocols agree on the order of the methods."""
    lines = []
    for metric in COMPARED:
        table = rows.pivot(index="method", columns="protocol", values=metric).to_numpy(float)  # (M, P)
        lines.append({"metric": metric, **variance_shares(table)._asdict(), "agreement": agreement(table)})
    return pd.DataFrame(lines)


def page(name: str, spread: pd.DataFrame, shares: pd.DataFrame) -> str:
    """Return the page: what each metric depends on, then the spread of each method."""
    moved = [
        (COMPARED[str(metric)], *(f"{share:.0%}" for share in parts), f"{alike:.2f}")
        for metric, *parts, alike in shares.itertuples(index=False)
    ]
    spreads = [
        (
            str(row.method),
            COMPARED[str(row.metric)],
            f"{row.mean:.3f}",
            f"{row.deviation:.3f}",
            f"{row.lowest:.3f} ({row.lowest_unknown})",
            f"{row.highest:.3f} ({row.highest_unknown})",
            f"{row.correlation_with_prevalence:.2f}",
        )
        for row in spread.itertuples()
    ]
    lines = [
        f"# Table {name}: what a metric depends on",
        "",
        "Of a metric's variance over methods and protocols, the shares of the protocol, of the method, and of their",
        "interaction; and how well two protocols agree on the order of the methods (mean rank correlation).",
        "",
        *table_lines(("metric", "protocol", "method", "interaction", "agreement"), moved, names=1),
        "",
        "Each method over the protocols; the last column is the rank correlation with the share of unknown points.",
        "",
        *table_lines(SPREAD, spreads, names=2),
        "",
    ]
    return "\n".join(lines)
