"""Compute the metrics of a method from its statistics, each with its bounds and its bootstrap interval."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from openworld3d.arrays import write_arrays
from openworld3d.errors import run_command
from openworld3d.files import write_json
from openworld3d.metrics import statistics
from openworld3d.metrics.exact import ScoredParts
from openworld3d.metrics.method_metrics import check, evaluation_of, measure
from openworld3d.metrics.statistics import Statistics
from openworld3d.scenes.manifests import read_evaluation


def main() -> None:
    """Read the arguments, compute the metrics, write them as JSON, null where not defined, and their replicates."""
    parser = argparse.ArgumentParser(description=__doc__, fromfile_prefix_chars="@")
    parser.add_argument("--statistics", required=True, type=Path, nargs="+", help="statistics of all shards, .npz")
    parser.add_argument("--before", required=True, type=Path, nargs="*", help="those of the step before, or none")
    parser.add_argument("--scores", required=True, type=Path, nargs="*", help="manifests to rank exactly, or none")
    parser.add_argument(
        "--outputs", required=True, type=Path, nargs="*", help="manifests of what was scored, or none"
    )
    parser.add_argument("--scenes", required=True, type=Path, nargs="+", help="manifests of scenes")
    parser.add_argument(
        "--labels", type=Path, nargs="*", default=[], help="manifests of labels in place of the scenes' own"
    )
    parser.add_argument(
        "--config", required=True, type=json.loads, help="JSON: unknown, taught, beyond, inliers, replicates"
    )
    parser.add_argument("--out", required=True, type=Path, help="metrics to write, .json")
    parser.add_argument("--replicates", required=True, type=Path, help="metrics of drawn scenes to write, .npz")
    arguments = parser.parse_args()

    of_method, config = merged(arguments.statistics), arguments.config
    check(str(arguments.statistics[0].parent), of_method, config["unknown"])
    before = merged(arguments.before) if arguments.before else None
    evaluation = evaluation_of(of_method, config, before)
    points, names = None, []
    if arguments.scores:
        scenes = read_evaluation(arguments.scenes, arguments.labels)
        points = ScoredParts(arguments.scores, arguments.outputs, scenes, evaluation.unknown)
        names = [name for name in scenes.files if name in of_method.scenes]
    result = measure(evaluation, config["replicates"], points, names)
    write_json(arguments.out, result.metrics)
    write_arrays(arguments.replicates, result.replicates)


def merged(paths: list[Path]) -> Statistics:
    """Return the sum of the statistics of all shards."""
    return statistics.merge([statistics.load(path) for path in paths])


if __name__ == "__main__":
    run_command(main)
