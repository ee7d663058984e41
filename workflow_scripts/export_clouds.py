"""Write each evaluation scene as a point cloud coloured by score."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from openworld3d.errors import UserError, run_command
from openworld3d.files import whole_folder, write_json
from openworld3d.reports.clouds import COLOUR_MAP, colour, write_cloud
from openworld3d.scenes.manifests import read_evaluation
from openworld3d.scenes.scene import VOID, load_scene
from openworld3d.scoring.scored_scenes import ScoredScene, scored_scenes

PERCENTILES = (1, 99)


def main() -> None:
    """Read the arguments, write a `.ply` per scene and the legend of its colours."""
    parser = argparse.ArgumentParser(description=__doc__, fromfile_prefix_chars="@")
    parser.add_argument("--scores", required=True, type=Path, nargs="+", help="manifests of scores, of all shards")
    parser.add_argument("--outputs", required=True, type=Path, nargs="+", help="manifests of what was scored")
    parser.add_argument("--scenes", required=True, type=Path, nargs="+", help="manifests of scenes")
    parser.add_argument(
        "--labels", type=Path, nargs="*", default=[], help="manifests of labels in place of the scenes' own"
    )
    parser.add_argument("--out", required=True, type=Path, help="colours.json, the clouds beside it")
    arguments = parser.parse_args()

    scenes = read_evaluation(arguments.scenes, arguments.labels)
    found = scored_scenes(arguments.scores, arguments.outputs, scenes)
    low, high = score_range(found)
    with whole_folder(arguments.out.parent) as folder:
        for scored in found:
            scene, score = load_scene(scored.file.path, scenes.classes, scored.file.labels), scored.score()
            colours = colour(score, low, high)
            write_cloud(folder / f"{scored.name}.ply", scene, colours, prediction=scored.prediction(), score=score)
        legend = {
            "colour_map": COLOUR_MAP,
            "range": [low, high],
            "percentiles": PERCENTILES,
            "classes": scenes.classes,
            "void": VOID,
        }
        write_json(folder / arguments.out.name, legend)


def score_range(found: list[ScoredScene]) -> tuple[float, float]:
    """Return two percentiles of the scores of all points: one range of colours for all scenes of a method."""
    if not found:
        raise UserError("the scores have no scene, expected one or more; evaluate splits that have scenes")
    scores = np.concatenate([scored.score() for scored in found])
    low, high = np.percentile(scores, PERCENTILES)
    return float(low), float(high)


if __name__ == "__main__":
    run_command(main)
