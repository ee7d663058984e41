"""What each evaluation code would have printed for the same scores: the table of docs/metrics.md.

python docs/tell_conventions.py --unknown other-vehicle --scenes MANIFEST... --scores MANIFEST...
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "workflow_scripts"))

import numpy as np

from openworld3d.errors import run_command
from openworld3d.manifests import Scenes, read_scenes, scene_names
from openworld3d.metrics.conventions import conventions
from openworld3d.metrics.exact import Parts
from openworld3d.metrics.statistics import Points, confuse
from openworld3d.scene import VOID, load_scene

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


def points_of(scores: Path, scenes: Scenes) -> list[Points]:
    """Return of each scene what a method says of its points that are not void."""
    found = []
    for name in scene_names(scores):
        label = load_scene(scenes.find(name).path, scenes.classes).label
        with np.load(scores.with_name(f"{name}.npz")) as arrays:
            found.append(Points(label, arrays["prediction"], arrays["score"]).take(label != VOID))
    return found


def row(scores: Path, scenes: Scenes, unknown: str) -> str:
    """Return a line of the table."""
    points, positive = points_of(scores, scenes), scenes.classes.index(unknown)
    parts: Parts = [(scene.score, scene.label == positive) for scene in points]
    known = [index for index in range(len(scenes.classes)) if index != positive]
    confusion = np.sum([confuse(scene, len(scenes.classes)) for scene in points], 0)
    found = conventions(parts, confusion, known)
    recipe, score = scores.parts[-6], scores.parts[-3]
    return f"| {recipe} + {score} | {' | '.join(f'{found[code][metric]:.3f}' for code, metric in COLUMNS)} |"


def main() -> None:
    """Read the arguments and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--unknown", required=True, help="the unknown class")
    parser.add_argument("--scenes", required=True, type=Path, nargs="+", help="manifests of the evaluation scenes")
    parser.add_argument("--scores", required=True, type=Path, nargs="+", help="manifests of scores")
    arguments = parser.parse_args()
    scenes = read_scenes(arguments.scenes)
    print(f"| method | {' | '.join(f'{metric} ({code})' for code, metric in COLUMNS)} |")
    print(f"| :-- |{' --: |' * len(COLUMNS)}")
    for scores in arguments.scores:
        print(row(scores, scenes, arguments.unknown))


if __name__ == "__main__":
    run_command(main)
