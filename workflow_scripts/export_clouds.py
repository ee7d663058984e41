"""Write each evaluation scene as a cloud coloured by score."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from openworld3d.clouds import COLOUR_MAP, colour, write_cloud
from openworld3d.errors import UserError, run_command
from openworld3d.files import whole_folder, write_json
from openworld3d.manifests import read_scenes, scene_names
from openworld3d.scene import VOID, load_scene

PERCENTILES = (1, 99)


def main() -> None:
    """Read the arguments, write one `.ply` per scene and the meaning of its colours."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scores", required=True, type=Path, help="manifest of scores per point")
    parser.add_argument("--scenes", required=True, type=Path, nargs="+", help="manifests of scenes")
    parser.add_argument("--out", required=True, type=Path, help="colours.json, the clouds beside it")
    arguments = parser.parse_args()

    scenes = read_scenes(arguments.scenes)
    names = scene_names(arguments.scores)
    low, high = score_range([arguments.scores.with_name(f"{name}.npz") for name in names])
    with whole_folder(arguments.out.parent) as folder:
        for name in names:
            scene = load_scene(scenes.find(name).path, scenes.classes)
            score, prediction = read_scores(arguments.scores.with_name(f"{name}.npz"))
            if len(score) != len(scene):
                raise UserError(
                    f"{arguments.scores}: scene {name!r} has {len(score)} scores for {len(scene)} points; "
                    "score it again"
                )
            write_cloud(folder / f"{name}.ply", scene, colour(score, low, high), prediction, score)
        legend = {
            "colour_map": COLOUR_MAP,
            "range": [low, high],
            "percentiles": PERCENTILES,
            "classes": scenes.classes,
            "void": VOID,
        }
        write_json(folder / arguments.out.name, legend)


def read_scores(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return score (N,) float32 and prediction (N,) uint8 of one scene."""
    with np.load(path) as arrays:
        return arrays["score"], arrays["prediction"]


def score_range(paths: list[Path]) -> tuple[float, float]:
    """Return the two percentiles of the scores of all points, one range for every scene of a method."""
    scores = np.concatenate([read_scores(path)[0] for path in paths])
    low, high = np.percentile(scores, PERCENTILES)
    return float(low), float(high)


if __name__ == "__main__":
    run_command(main)
