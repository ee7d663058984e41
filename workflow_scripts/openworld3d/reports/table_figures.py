"""Figures of a table: its metrics with intervals, and the curves of the best score of each recipe."""

from __future__ import annotations

from typing import Any, Mapping, Sequence

import numpy as np
import pandas as pd

from openworld3d.metrics.bootstrap import Row, best
from openworld3d.metrics.statistics import Statistics
from openworld3d.metrics.table import METRICS
from openworld3d.reports.curves import GRID, curves, sides_of
from openworld3d.reports.numbers import power_of
from openworld3d.reports.printed import Column

# Okabe and Ito, Color Universal Design (2008), without black and yellow: told apart by the colour-blind.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")
DASHES = ("-", "--", ":")  # after that many colours the next of these
MOST_CURVES = len(COLOURS) * len(DASHES)
NAMES = ("protocol", "backbone", "recipe", "coverage", "score", "method", "seed")
CURVES = {
    "pr": ("precision-recall", "recall", "precision"),
    "roc": ("ROC", "false-positive rate", "true-positive rate"),
}
LONGEST_NAME = 45  # of which two stand side by side in a legend
ROW_HEIGHT, PANEL_WIDTH, PANEL_HEIGHT = 0.17, 1.5, 2.8  # inches


def metric_points(rows: Sequence[Row], metrics: Sequence[str]) -> pd.DataFrame:
    """Return what the figure of metrics shows: a line for each row and metric, NaN where it is not defined."""
    lines = [
        [*names_of(row), metric, row.metrics[metric], *row.metrics["bootstrap"].get(metric, (None, None))]
        for row in rows
        for metric in metrics
    ]
    points = pd.DataFrame(lines, columns=[*NAMES, "metric", "value", "low", "high"])
    return points.astype(dict.fromkeys(("value", "low", "high"), float))


def names_of(row: Row) -> list[Any]:
    """Return what identifies a row."""
    return [row.identity[key] for key in NAMES]


def labels_of(lines: pd.DataFrame) -> pd.Series[str]:
    """Return the method of each line, and its backbone, coverage and seed where there are others."""
    labels = lines["method"].astype(str)
    for key in ("backbone", "coverage", "seed"):
        if lines[key].nunique() > 1:
            labels = labels + f", {key} " + lines[key].astype(str)
    return labels


def draw_metrics(points: pd.DataFrame, metrics: Sequence[str]) -> Any:
    """Return a figure with a panel per metric, in which each row is a point with its 95 % interval.

    The rows of a recipe have one colour; protocols stand one below the other.
    """
    from matplotlib import pyplot

    protocols = [of_protocol for _, of_protocol in points.groupby("protocol", sort=False)]
    sizes = [max(4, of_protocol.groupby(list(NAMES)).ngroups) for of_protocol in protocols]
    figure, panels = pyplot.subplots(
        len(protocols),
        len(metrics),
        figsize=(2.4 + PANEL_WIDTH * len(metrics), ROW_HEIGHT * sum(sizes) + 0.9 * len(sizes)),
        squeeze=False,
        sharey="row",
        layout="constrained",
        gridspec_kw={"height_ratios": sizes},
    )
    for of_row, of_protocol in zip(panels, protocols):
        place: dict[str, int] = {}
        recipes = list(dict.fromkeys(of_protocol["recipe"]))
        for label, (_, line) in zip(labels_of(of_protocol), of_protocol.iterrows()):
            height = place.setdefault(label, len(place))
            scale = 10 ** power_of(line["metric"])
            panel = of_row[metrics.index(line["metric"])]
            colour = COLOURS[recipes.index(line["recipe"]) % len(COLOURS)]
            panel.plot(scale * line["value"], height, "o", color=colour, markersize=3.5)
            if pd.notna(line["low"]):
                panel.plot([scale * line["low"], scale * line["high"]], [height] * 2, color=colour, linewidth=1)
        of_row[0].set_yticks(range(len(place)), list(place), fontsize=7)
        of_row[0].invert_yaxis()
        of_row[0].set_title(f"protocol {of_protocol['protocol'].iloc[0]}", loc="left", fontsize=8)
        for panel, metric in zip(of_row, metrics):
            unit = ", %" if power_of(metric) else ""
            panel.set_xlabel(f"{Column(metric, METRICS[metric].higher_is_better).head}{unit}", fontsize=8)
            panel.tick_params(axis="x", labelsize=7)
            panel.tick_params(axis="y", length=0)
            panel.grid(alpha=0.3)
    return figure


def drawn_rows(rows: Sequence[Row]) -> list[Row]:
    """Return of each protocol, backbone and recipe the score of the highest AUPR, of the first seed in the table."""
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        key = tuple(row.identity[name] for name in ("protocol", "backbone", "recipe", "coverage"))
        if key not in groups or row.identity["seed"] == groups[key][0].identity["seed"]:
            groups.setdefault(key, []).append(row)
    return [best(group, "aupr") or group[0] for group in groups.values()]


def curve_points(drawn: Sequence[tuple[Row, Statistics, Sequence[str]]]) -> pd.DataFrame:
    """Return what the figure of curves shows, from rows, their statistics and their unknown classes.

    low and high: the 95 % band over scenes that are drawn anew; NaN of a single scene.
    """
    lines: list[list[Any]] = []
    for row, statistics, unknown in drawn:
        for name, found in curves(statistics, sides_of(statistics, list(unknown))).items():
            undefined = [np.nan] * len(GRID)
            columns = [found.get(key, undefined) for key in ("value", "low", "high")]
            lines += [[*names_of(row), name, *values] for values in zip(GRID, *columns)]
    return pd.DataFrame(lines, columns=[*NAMES, "curve", "x", "value", "low", "high"])


def draw_curves(points: pd.DataFrame, prevalence: Mapping[str, float]) -> Any:
    """Return a figure with the precision-recall and ROC curves of each protocol, and their bands over scenes.

    There are 18 in a panel at most, which is as many as can be told apart.
    prevalence: of each protocol the share of unknown points, which is the precision of a random score.
    """
    from matplotlib import pyplot

    protocols, labels = list(dict.fromkeys(points["protocol"])), labels_of(points)
    names = list(dict.fromkeys(labels))
    columns = 2 if max(map(len, names)) <= LONGEST_NAME else 1
    figure, panels = pyplot.subplots(
        len(protocols),
        len(CURVES),
        figsize=(2 * PANEL_HEIGHT + 0.6, PANEL_HEIGHT * len(protocols) + 0.17 * (2 + len(names) // columns)),
        squeeze=False,
    )
    figure.set_layout_engine("constrained", h_pad=0.1)  # inches, so that the legend keeps clear of the labels
    handles: dict[str, Any] = {}
    for of_row, protocol in zip(panels, protocols):
        for panel, (curve, (title, x, y)) in zip(of_row, CURVES.items()):
            of_panel = points[(points["protocol"] == protocol) & (points["curve"] == curve)]
            for name in list(dict.fromkeys(labels[of_panel.index]))[:MOST_CURVES]:
                line = of_panel[labels[of_panel.index] == name]
                style = style_of(names.index(name))
                (handles[name],) = panel.plot(line["x"], line["value"], linewidth=1.4, **style)
                band = {"color": style["color"], "alpha": 0.15, "linewidth": 0}
                panel.fill_between(line["x"], line["low"], line["high"], **band)
            ends = (0, 1) if curve == "roc" else (prevalence[protocol],) * 2
            (handles["random score"],) = panel.plot((0, 1), ends, color="grey", linestyle=(0, (1, 2)), linewidth=1)
            panel.set(xlim=(0, 1), ylim=(0, 1.01), aspect="equal")
            panel.set_title(f"{title}, {protocol}", fontsize=8)
            panel.set_xlabel(x, fontsize=8)
            panel.set_ylabel(y, fontsize=8)
            panel.tick_params(labelsize=7)
            panel.grid(alpha=0.3)
    figure.legend(handles.values(), handles, loc="outside lower center", ncols=columns, fontsize=7, frameon=False)
    return figure


def style_of(number: int) -> dict[str, str]:
    """Return colour and dashes of a curve."""
    return {"color": COLOURS[number % len(COLOURS)], "linestyle": DASHES[number // len(COLOURS) % len(DASHES)]}
