"""Compute the metrics of a method from its statistics, each with its bounds and its bootstrap interval."""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path
from typing import Any, cast

import numpy as np

from openworld3d.errors import UserError, nearest, run_command
from openworld3d.files import whole_file, write_json
from openworld3d.metrics import segmentation, statistics
from openworld3d.metrics.bootstrap import interval, replicate
from openworld3d.metrics.breakdowns import by_known, by_scene, by_unknown
from openworld3d.metrics.exact import PointRanking, parts_of
from openworld3d.metrics.measures import Evaluation
from openworld3d.metrics.statistics import Statistics
from openworld3d.metrics.table import Measured, exactly, measured
from openworld3d.scenes.manifests import read_scenes


def main() -> None:
    """Read the arguments, compute the metrics, write them as JSON, null where not defined, and their replicates."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--statistics", required=True, type=Path, nargs="+", help="statistics of all shards, .npz")
    parser.add_argument("--before", required=True, type=Path, nargs="*", help="those of the step before, or none")
    parser.add_argument("--scores", required=True, type=Path, nargs="*", help="manifests to rank exactly, or none")
    parser.add_argument(
        "--outputs", required=True, type=Path, nargs="*", help="manifests of what was scored, or none"
    )
    parser.add_argument("--scenes", required=True, type=Path, nargs="+", help="manifests of scenes")
    parser.add_argument("--config", required=True, type=json.loads, help="JSON: unknown, taught, replicates")
    parser.add_argument("--out", required=True, type=Path, help="metrics to write, .json")
    parser.add_argument("--replicates", required=True, type=Path, help="metrics of drawn scenes to write, .npz")
    arguments = parser.parse_args()

    of_method, config = merged(arguments.statistics), arguments.config
    check(arguments.statistics[0].parent, of_method, config["unknown"])
    before = merged(arguments.before) if arguments.before else None
    evaluation = Evaluation(of_method, config["unknown"], config["taught"], before)
    found = measured(evaluation.of_all())
    if arguments.scores:
        parts = parts_of(arguments.scores, arguments.outputs, read_scenes(arguments.scenes), evaluation.unknown)
        found.update({name: np.full((3, 1), value) for name, value in exactly(PointRanking(parts)).items()})
    drawn = replicate(lambda draws: measured(evaluation.of_draws(draws)), evaluation.scenes, config["replicates"])
    write_json(arguments.out, without_nan(report(evaluation, found, drawn)))
    with whole_file(arguments.replicates) as temporary, open(temporary, "wb") as file:
        np.savez(file, **cast(Any, {"scenes": of_method.scenes, **drawn}))


def report(evaluation: Evaluation, found: Measured, drawn: Measured) -> dict[str, Any]:
    """Return every metric by name, its bounds, its bootstrap interval, and its breakdowns."""
    points = evaluation.statistics.class_points().sum(axis=0)
    unknown_points, all_points = int(points[evaluation.unknown].sum()), int(points.sum())
    confusion = evaluation.statistics.confusion.sum(axis=0)
    return {
        "points": all_points,
        "unknown_points": unknown_points,
        "prevalence": unknown_points / all_points if all_points else math.nan,
        **{name: float(value[1, 0]) for name, value in found.items()},
        "between": {name: [float(value[0, 0]), float(value[2, 0])] for name, value in found.items()},
        "bootstrap": {name: list(interval(value[0], value[2])) for name, value in drawn.items()},
        "iou": dict(zip(evaluation.statistics.classes.tolist(), segmentation.iou(confusion).tolist())),
        "by_unknown": by_unknown(evaluation),
        "by_known": by_known(evaluation),
        "by_scene": by_scene(evaluation),
    }


def merged(paths: list[Path]) -> Statistics:
    """Return the sum of the statistics of all shards."""
    return statistics.merge([statistics.load(path) for path in paths])


def check(path: Path, of_method: Statistics, unknown: list[str]) -> None:
    """Raise UserError for statistics of no scene, and for unknown classes that do not exist or have no point."""
    if not len(of_method.scenes):
        raise UserError(f"{path}: no shard has a scene, expected one or more; evaluate splits that have scenes")
    classes = of_method.classes.tolist()
    points = of_method.class_points()
    for name in unknown:
        if name not in classes:
            raise UserError(
                f"{path}: there is no class {name!r}{nearest(name, classes)}; choose one of {', '.join(classes)}"
            )
        if not points[:, classes.index(name)].any():
            raise UserError(
                f"{path}: no evaluation scene has a point of the unknown class {name!r}; "
                "choose evaluation scenes that contain it, or leave it out of the protocol's unknown classes"
            )


def without_nan(value: Any) -> Any:
    """Return the value with None for NaN, which JSON does not have."""
    if isinstance(value, dict):
        return {key: without_nan(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [without_nan(inner) for inner in value]
    return None if isinstance(value, float) and math.isnan(value) else value


if __name__ == "__main__":
    run_command(main)
