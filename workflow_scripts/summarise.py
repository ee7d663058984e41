"""Reduce the scores of a method to its statistics."""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path

import numpy as np

from openworld3d.errors import run_command
from openworld3d.inference.outputs import read_inverse, read_outputs
from openworld3d.metrics import statistics
from openworld3d.metrics.statistics import Points
from openworld3d.networks.confidence import log_odds_of_error
from openworld3d.scenes.manifests import read_manifest, read_scenes
from openworld3d.scenes.scene import load_scene
from openworld3d.scoring.apply import score_rows
from openworld3d.scoring.scored_scenes import ScoredScene, scored_scenes


def main() -> None:
    """Read the arguments, summarise every scene of the scores, write one file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", required=True, type=json.loads, help="JSON: bits, of a score that tell its bin")
    parser.add_argument("--scores", required=True, type=Path, help="manifest of a shard's scores")
    parser.add_argument("--outputs", required=True, type=Path, help="manifest of the outputs that were scored")
    parser.add_argument("--scenes", required=True, type=Path, nargs="+", help="manifests of scenes")
    parser.add_argument("--out", required=True, type=Path, help="statistics to write, .npz")
    arguments = parser.parse_args()

    scenes, bits = read_scenes(arguments.scenes), arguments.config["bits"]
    threshold = read_manifest(arguments.scores, ["threshold"])["threshold"]
    threshold = math.nan if threshold is None else threshold
    classes = scenes.classes
    parts = [
        statistics.of_scene(
            scored.name, classes, scored.columns.tolist(), points_of(scored, classes), bits, threshold
        )
        for scored in scored_scenes([arguments.scores], [arguments.outputs], scenes)
    ]
    statistics.save(arguments.out, statistics.merge([statistics.of_no_scene(classes, bits, threshold), *parts]))


def points_of(scored: ScoredScene, classes: list[str]) -> Points:
    """Return what a method says of the points of one scene, and their labels."""
    label = load_scene(scored.file.path, classes).label
    return Points(label, scored.prediction(), scored.score(), log_odds_of(scored))


def log_odds_of(scored: ScoredScene) -> np.ndarray | None:
    """Return the log-odds of the predicted class of each point, (N,) float32; None without two logits or more."""
    outputs = read_outputs(scored.outputs, [])
    if "logits" not in outputs or outputs["logits"].shape[1] < 2:
        return None
    odds = -score_rows(lambda rows: log_odds_of_error(rows["logits"]), outputs)
    return odds[read_inverse(scored.outputs, scored.file.points)]


if __name__ == "__main__":
    run_command(main)
