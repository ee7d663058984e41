"""Compute the metrics of a method from its statistics."""

from __future__ import annotations

import argparse
import json
import math
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from openworld3d.errors import UserError, nearest, run_command
from openworld3d.files import write_json
from openworld3d.metrics import segmentation, statistics
from openworld3d.metrics.ranking import ranking


def main() -> None:
    """Read the arguments, measure, write JSON in which what is not defined is null."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--statistics", required=True, type=Path, help="statistics of a method, .npz")
    parser.add_argument(
        "--before", required=True, type=Path, nargs="*", help="statistics of the step before, or none"
    )
    parser.add_argument("--config", required=True, type=json.loads, help='JSON: {"unknown": [...], "taught": [...]}')
    parser.add_argument("--out", required=True, type=Path, help="metrics to write, .json")
    arguments = parser.parse_args()

    of_method = statistics.load(arguments.statistics)
    unknown, taught = arguments.config["unknown"], arguments.config["taught"]
    check(arguments.statistics, of_method, unknown)
    metrics = measure(of_method, [name for name in unknown if name not in taught])
    old = [name for name in of_method.classes.tolist() if name not in unknown]
    before = [statistics.load(path) for path in arguments.before]
    write_json(arguments.out, without_nan({**metrics, **incremental(of_method, before, old, taught)}))


def incremental(
    of_method: statistics.Statistics, before: list[statistics.Statistics], old: list[str], taught: list[str]
) -> dict[str, float]:
    """Return the mean IoU of the classes known from the start, of those taught since, and how much the former fell.

    Each over the classes that have a true point; NaN where there are none, or no step before.
    """

    def mean_iou(of_step: statistics.Statistics, names: list[str]) -> float:
        return segmentation.miou_known(of_step.confusion.sum(axis=0), of_step.index(names))

    miou_old = mean_iou(of_method, old)
    return {
        "miou_old": miou_old,
        "miou_novel": mean_iou(of_method, taught),
        "forgetting": mean_iou(before[0], old) - miou_old if before else math.nan,
    }


def measure(of_method: statistics.Statistics, unknown: list[str]) -> dict[str, Any]:
    """Return every metric by name; NaN where it is not defined."""
    known = [name for name in of_method.classes.tolist() if name not in unknown]
    positive, negative = of_method.pooled(unknown), of_method.pooled(known)
    points = len(positive) + len(negative)
    marks = [np.ones(len(positive), bool), np.zeros(len(negative), bool)]
    confusion = of_method.confusion.sum(axis=0)  # (C, C)
    return {
        "points": points,
        "unknown_points": len(positive),
        "prevalence": len(positive) / points if points else math.nan,
        **asdict(ranking([positive, negative], marks)),
        "miou_known": segmentation.miou_known(confusion, of_method.index(known)),
        "miou_all": segmentation.miou_all(confusion),
        "iou": dict(zip(of_method.classes.tolist(), segmentation.iou(confusion).tolist())),
        "accuracy": segmentation.accuracy(confusion),
    }


def check(path: Path, of_method: statistics.Statistics, unknown: list[str]) -> None:
    """Refuse unknown classes that do not exist or have no point."""
    classes = of_method.classes.tolist()
    for name in unknown:
        if name not in classes:
            raise UserError(
                f"{path}: there is no class {name!r}{nearest(name, classes)}; choose of {', '.join(classes)}"
            )
        if not of_method.class_points[:, classes.index(name)].any():
            raise UserError(
                f"{path}: no scene of the evaluation has a point of the unknown class {name!r}; "
                "choose evaluation scenes that contain it, or leave it out of the protocol's unknown classes"
            )


def without_nan(value: Any) -> Any:
    """Return the value with null for NaN, which JSON lacks."""
    if isinstance(value, dict):
        return {key: without_nan(inner) for key, inner in value.items()}
    return None if isinstance(value, float) and math.isnan(value) else value


if __name__ == "__main__":
    run_command(main)
