"""Draw how well the old, the new and all classes are told, over the steps that teach unknown classes."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np

from openworld3d.errors import run_command
from openworld3d.files import whole_file
from openworld3d.scenes.manifests import read_manifest

PANELS = {"miou_old": "classes known from the start", "miou_novel": "classes taught since", "miou_known": "both"}
# Without time and random names, so that equal numbers are equal files.
matplotlib.use("svg")
matplotlib.rcParams.update({"svg.hashsalt": "openworld3d", "svg.fonttype": "none"})


def main() -> None:
    """Read the arguments, draw, write an SVG."""
    parser = argparse.ArgumentParser(description=__doc__, fromfile_prefix_chars="@")
    parser.add_argument(
        "--config",
        required=True,
        type=json.loads,
        help='JSON: {"lines": [{"name": ..., "steps": [{"taught": classes, "rows": of the table, from 0}]}]}',
    )
    parser.add_argument("--metrics", required=True, type=Path, nargs="+", help="metrics, one file per row, in order")
    parser.add_argument("--out", required=True, type=Path, help="figure to write, .svg")
    arguments = parser.parse_args()
    rows = [read_manifest(path, list(PANELS)) for path in arguments.metrics]
    figure = draw(arguments.config["lines"], rows)
    with whole_file(arguments.out) as temporary:
        figure.savefig(temporary, format="svg", metadata={"Date": None})


def draw(lines: list[dict[str, Any]], rows: list[dict[str, Any]]) -> Any:
    """Return a figure with a panel for each mean IoU, and in it a line for each way of teaching."""
    from matplotlib import pyplot

    figure, panels = pyplot.subplots(1, len(PANELS), figsize=(11, 3.6), sharey=True, layout="constrained")
    for panel, (metric, title) in zip(panels, PANELS.items()):
        for line in lines:
            panel.errorbar(*means(line["steps"], rows, metric), marker="o", capsize=3, label=line["name"])
        panel.set(title=title, xlabel="classes taught", xticks=range(1 + most_taught(lines)), ylim=(0, 1))
        panel.grid(alpha=0.3)
    panels[0].set_ylabel("mean IoU")
    panels[-1].legend()
    return figure


def means(
    steps: list[dict[str, Any]], rows: list[dict[str, Any]], metric: str
) -> tuple[list[int], list[float], list[float]]:
    """Return the classes taught, and mean and standard deviation of a metric over seeds, where it is defined."""
    drawn = [step for step in steps if rows[step["rows"][0]][metric] is not None]
    values = [[rows[row][metric] for row in step["rows"]] for step in drawn]
    return (
        [step["taught"] for step in drawn],
        [float(np.mean(value)) for value in values],
        [float(np.std(value)) for value in values],
    )


def most_taught(lines: list[dict[str, Any]]) -> int:
    """Return how many classes the longest line teaches."""
    return max(step["taught"] for line in lines for step in line["steps"])


if __name__ == "__main__":
    run_command(main)
