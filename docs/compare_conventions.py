"""Print the metrics that each paper's evaluation code reports for the same scores: the table of docs/metrics.md.

python docs/compare_conventions.py --unknown other-vehicle --scenes MANIFEST... --scores MANIFEST...
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "workflow_scripts"))

import numpy as np

from openworld3d.errors import run_command
from openworld3d.metrics.conventions import conventions
from openworld3d.metrics.exact import Parts
from openworld3d.metrics.statistics import Points, confuse
from openworld3d.scenes.manifests import Scenes, read_scenes
from openworld3d.scenes.scene import VOID, load_scene
from openworld3d.scoring.scored_scenes import scored_scenes

COLUMNS = (
    ("pdf", "aupr_pooled"),
    ("pdf", "aupr_scene_mean"),
    ("real", "aupr"),
    ("prototype", "aupr"),
    ("pdf", "auroc_pooled"),
    ("pdf", "auroc_scene_mean"),
    ("prototype", "auroc"),
    ("real", "fpr95"),
    ("pointcam", "fpr95"),
    ("pdf", "miou_known"),
    ("real", "miou"),
)


def points_of(scores: list[Path], scenes: Scenes) -> list[Points]:
    """Return the labels, predictions and scores of each scene's points, void points left out."""
    found = []
    for scored in scored_scenes(scores, [outputs_of(manifest) for manifest in scores], scenes):
        label = load_scene(scored.file.path, scenes.classes).label
        found.append(Points(label, scored.prediction(), scored.score()).take(label != VOID))
    return found


def outputs_of(scores: Path) -> Path:
    """Return the outputs manifest that belongs to a scores manifest, both as the pipeline's links lay them out."""
    return scores.parents[3] / "outputs" / scores.parent.name / scores.name


def row(scores: list[Path], scenes: Scenes, unknown: str) -> str:
    """Return a row of the table; scores: the manifests of a method's shards."""
    points, positive = points_of(scores, scenes), scenes.classes.index(unknown)
    parts: Parts = [(scene.score, scene.label == positive) for scene in points]
    known = [index for index in range(len(scenes.classes)) if index != positive]
    confusion = np.sum([confuse(scene, len(scenes.classes)) for scene in points], 0)
    found = conventions(parts, confusion, known)
    recipe, score = scores[0].parts[-8], scores[0].parts[-4]
    return f"| {recipe} + {score} | {' | '.join(f'{found[code][metric]:.3f}' for code, metric in COLUMNS)} |"


def by_method(scores: list[Path]) -> list[list[Path]]:
    """Group manifests by method, in order of first appearance."""
    found: dict[Path, list[Path]] = {}
    for manifest in scores:
        found.setdefault(manifest.parents[1], []).append(manifest)
    return list(found.values())


def main() -> None:
    """Parse the arguments and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--unknown", required=True, help="the unknown class")
    parser.add_argument("--scenes", required=True, type=Path, nargs="+", help="manifests of the evaluation scenes")
    parser.add_argument("--scores", required=True, type=Path, nargs="+", help="manifests of the scores of all shards")
    arguments = parser.parse_args()
    scenes = read_scenes(arguments.scenes)
    print(f"| method | {' | '.join(f'{metric} ({code})' for code, metric in COLUMNS)} |")
    print(f"| :-- |{' --: |' * len(COLUMNS)}")
    for scores in by_method(arguments.scores):
        print(row(scores, scenes, arguments.unknown))


if __name__ == "__main__":
    run_command(main)
