"""Figures in files, such as metrics against prevalence, and mean IoU over the steps of incremental learning."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
import pandas as pd

from openworld3d.files import whole_file
from openworld3d.reports.protocol_comparison import COMPARED

PANELS = {"miou_old": "classes known from the start", "miou_novel": "classes learned since", "miou_known": "both"}
# No time stamps and no random names, so that equal numbers give equal files.
matplotlib.use("svg")
matplotlib.rcParams.update({"svg.hashsalt": "openworld3d", "svg.fonttype": "none", "pdf.fonttype": 42})
TIMELESS: dict[str, dict[str, None]] = {"svg": {"Date": None}, "pdf": {"CreationDate": None}, "png": {}}
DOTS_PER_INCH = 150


def save(figure: Any, path: Path, kind: str = "svg") -> None:
    """Write a figure as SVG, PDF or PNG."""
    with whole_file(path) as temporary:
        figure.savefig(temporary, format=kind, metadata=TIMELESS[kind], dpi=DOTS_PER_INCH)


def draw_protocols(rows: pd.DataFrame) -> Any:
    """Return a figure with a panel per metric, in which each row is a point over its prevalence."""
    from matplotlib import pyplot

    figure, panels = pyplot.subplots(1, len(COMPARED), figsize=(16, 4), layout="constrained")
    for panel, (metric, title) in zip(panels, COMPARED.items()):
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


def draw_steps(lines: list[dict[str, Any]], rows: list[dict[str, Any]]) -> Any:
    """Return a figure with a panel per mean IoU, in which each incremental recipe is a line over its steps."""
    from matplotlib import pyplot

    figure, panels = pyplot.subplots(1, len(PANELS), figsize=(11, 3.6), sharey=True, layout="constrained")
    for panel, (metric, title) in zip(panels, PANELS.items()):
        for line in lines:
            panel.errorbar(*means(line["steps"], rows, metric), marker="o", capsize=3, label=line["name"])
        panel.set(title=title, xlabel="classes learned", xticks=range(1 + most_taught(lines)), ylim=(0, 1))
        panel.grid(alpha=0.3)
    panels[0].set_ylabel("mean IoU")
    panels[-1].legend()
    return figure


def means(
    steps: list[dict[str, Any]], rows: list[dict[str, Any]], metric: str
) -> tuple[list[int], list[float], list[float]]:
    """Return how many classes each step has learned, and a metric's mean and standard deviation over seeds.

    Steps in which the metric is not defined are left out.
    """
    drawn = [step for step in steps if rows[step["rows"][0]][metric] is not None]
    values = [[rows[row][metric] for row in step["rows"]] for step in drawn]
    return (
        [step["taught"] for step in drawn],
        [float(np.mean(value)) for value in values],
        [float(np.std(value)) for value in values],
    )


def most_taught(lines: list[dict[str, Any]]) -> int:
    """Return how many classes the longest line learns."""
    return max(step["taught"] for line in lines for step in line["steps"])
