"""Score the outputs of a run, and reduce the scores to the statistics from which all metrics follow."""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path

from openworld3d.errors import run_command
from openworld3d.files import whole_folder, write_json
from openworld3d.metrics import statistics
from openworld3d.metrics.object_level import ObjectLevel, read_object_level, statistics_of_scene
from openworld3d.metrics.statistics import Points, Statistics
from openworld3d.scenes.manifests import Scenes, read_evaluation, read_manifest
from openworld3d.scenes.scene import load_scene
from openworld3d.scoring.scenes import (
    group_of_columns,
    log_odds_of,
    make_method,
    read_sample,
    score_scenes,
    threshold_of,
)
from openworld3d.scoring.scored_scenes import ScoredScene, scored_scenes


def main() -> None:
    """Read the arguments, score every scene of the outputs, write a folder of scores and a file of statistics."""
    parser = argparse.ArgumentParser(description=__doc__, fromfile_prefix_chars="@")
    parser.add_argument(
        "--config",
        required=True,
        type=json.loads,
        help='JSON: {"score": {"kind": a file of openworld3d/scores, "neighbors": rows to average, OPTION: number, '
        '...}, "bits": leading bits of a score that are its bin, "objects": null or {"unknown": classes, '
        '"threshold": a score or trained, "eps": metres, "min_samples": points}, "groups": {group: classes} for a '
        "score of groups}",
    )
    parser.add_argument("--outputs", required=True, type=Path, help="manifest of a run's outputs")
    parser.add_argument("--sample", required=True, type=Path, nargs="*", help="its training sample, where it has one")
    parser.add_argument("--scenes", required=True, type=Path, nargs="+", help="manifests of scenes")
    parser.add_argument(
        "--labels", type=Path, nargs="*", default=[], help="manifests of labels in place of the scenes' own"
    )
    parser.add_argument("--out", required=True, type=Path, help="manifest.json to write, the scores beside it")
    parser.add_argument("--statistics", required=True, type=Path, help="statistics to write, .npz")
    arguments = parser.parse_args()

    config, scenes = arguments.config, read_evaluation(arguments.scenes, arguments.labels)
    sample = read_sample(arguments.sample)
    groups = group_of_columns(config.get("groups", {}), arguments.outputs)
    method = make_method(config["score"], {**sample, **groups})
    threshold = threshold_of(method, sample)
    with whole_folder(arguments.out.parent) as folder:
        written = score_scenes(method, arguments.outputs, scenes, folder)
        manifest = {"score": config["score"], "threshold": threshold, "scenes": written}
        write_json(folder / arguments.out.name, manifest)
    found = scored_scenes([arguments.out], [arguments.outputs], scenes)
    predicts_instances = read_manifest(arguments.outputs, []).get("predicts_instances", False)
    level = read_object_level(config["objects"], threshold, predicts_instances)
    statistics.save(arguments.statistics, summary(found, scenes, config["bits"], threshold, level))


def summary(
    found: list[ScoredScene], scenes: Scenes, bits: int, threshold: float | None, level: ObjectLevel | None
) -> Statistics:
    """Return the statistics of some scenes, those of no scene where there are none."""
    classes, flagged_above = scenes.classes, math.nan if threshold is None else threshold
    objects_above = level.threshold if level else math.nan
    parts = [statistics.of_no_scene(classes, bits, flagged_above, objects_above)]
    for scored in found:
        scene = load_scene(scored.file.path, classes, scored.file.labels)
        points = Points(scene.label, scored.prediction(), scored.score(), log_odds_of(scored))
        known = scored.columns.tolist()
        instance = scored.instance()
        parts.append(
            statistics_of_scene(scored.name, scene, points, classes, known, bits, flagged_above, level, instance)
        )
    return statistics.merge(parts)


if __name__ == "__main__":
    run_command(main)
