"""Reduce the scores of a method to its statistics."""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path

import numpy as np

from openworld3d.confidence import log_odds_of_error
from openworld3d.errors import UserError, run_command
from openworld3d.manifests import SceneFile, read_manifest, read_scenes, scene_names
from openworld3d.metrics import statistics
from openworld3d.metrics.statistics import Points
from openworld3d.outputs import read_outputs
from openworld3d.scene import load_scene
from openworld3d.scoring import score_rows


def main() -> None:
    """Read the arguments, summarise every scene of the scores, write one file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", required=True, type=json.loads, help="JSON: bits, of a score that tell its bin")
    parser.add_argument("--scores", required=True, type=Path, help="manifest of scores per point")
    parser.add_argument("--outputs", required=True, type=Path, help="manifest of the outputs that were scored")
    parser.add_argument("--scenes", required=True, type=Path, nargs="+", help="manifests of scenes")
    parser.add_argument("--out", required=True, type=Path, help="statistics to write, .npz")
    arguments = parser.parse_args()

    scenes = read_scenes(arguments.scenes)
    columns = read_manifest(arguments.outputs, ["columns"])["columns"]
    known = [scenes.classes.index(name) for name in columns]
    threshold = read_manifest(arguments.scores, ["threshold"])["threshold"]
    parts = [
        statistics.of_scene(
            name,
            scenes.classes,
            known,
            points_of(arguments.scores, arguments.outputs, name, scenes.find(name), scenes.classes),
            arguments.config["bits"],
            math.nan if threshold is None else threshold,
        )
        for name in scene_names(arguments.scores)
    ]
    statistics.save(arguments.out, statistics.merge(parts))


def points_of(scores: Path, outputs: Path, name: str, scene: SceneFile, classes: list[str]) -> Points:
    """Return what a method says of the points of one scene, and their labels."""
    path = scores.with_name(f"{name}.npz")
    with np.load(path) as arrays:
        score, prediction = arrays["score"], arrays["prediction"]
    label = load_scene(scene.path, classes).label
    if not len(label) == len(score) == len(prediction):
        raise UserError(f"{path}: it has {len(score)} points, {scene.path} has {len(label)}; score it again")
    return Points(label, prediction, score, log_odds_of(outputs.with_name(path.name)))


def log_odds_of(outputs: Path) -> np.ndarray | None:
    """Return the log-odds of the predicted class of each point, (N,) float32; None without two logits or more."""
    stored, inverse = read_outputs(outputs, [])
    if "logits" not in stored or stored["logits"].shape[1] < 2:
        return None
    return -score_rows(lambda rows: log_odds_of_error(rows["logits"]), stored)[inverse]


if __name__ == "__main__":
    run_command(main)
