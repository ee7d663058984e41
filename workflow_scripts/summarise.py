"""Reduce the scores of a method to its statistics."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from openworld3d.errors import UserError, run_command
from openworld3d.manifests import SceneFile, read_scenes, scene_names
from openworld3d.metrics import statistics
from openworld3d.scene import load_scene


def main() -> None:
    """Read the arguments, summarise every scene of the scores, write one file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scores", required=True, type=Path, help="manifest of scores per point")
    parser.add_argument("--scenes", required=True, type=Path, nargs="+", help="manifests of scenes")
    parser.add_argument("--out", required=True, type=Path, help="statistics to write, .npz")
    arguments = parser.parse_args()

    scenes = read_scenes(arguments.scenes)
    parts = [
        summarise(arguments.scores, name, scenes.find(name), scenes.classes) for name in scene_names(arguments.scores)
    ]
    statistics.save(arguments.out, statistics.merge(parts))


def summarise(scores: Path, name: str, scene: SceneFile, classes: list[str]) -> statistics.Statistics:
    """Return the statistics of one scene."""
    path = scores.with_name(f"{name}.npz")
    with np.load(path) as arrays:
        score, prediction = arrays["score"], arrays["prediction"]
    label = load_scene(scene.path, classes).label
    if not len(label) == len(score) == len(prediction):
        raise UserError(f"{path}: it has {len(score)} points, {scene.path} has {len(label)}; score it again")
    return statistics.of_scene(name, classes, label, prediction, score)


if __name__ == "__main__":
    run_command(main)
