"""Run a trained network over the scenes of the evaluation splits, and store its outputs for scores to read."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from openworld3d.environment.devices import refuse_late_devices
from openworld3d.errors import run_command
from openworld3d.files import whole_folder
from openworld3d.inference.config import read_outputs_config
from openworld3d.inference.model import infer_scene, load_trained
from openworld3d.inference.outputs import save_manifest, save_outputs
from openworld3d.inference.shards import scenes_of_shard
from openworld3d.scenes.manifests import read_scenes
from openworld3d.scenes.scene import load_scene


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, fromfile_prefix_chars="@")
    parser.add_argument(
        "--config",
        type=json.loads,
        required=True,
        help="JSON: coverage, stored_precision, inference_voxels, inference_pairs, recipe",
    )
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--scenes", type=Path, nargs="+", required=True, help="manifests of the evaluation splits")
    parser.add_argument("--shard", required=True, help="which of the scenes, such as 1of4")
    parser.add_argument("--out", type=Path, required=True, help="manifest.json, the outputs beside it")
    arguments = parser.parse_args()
    refuse_late_devices()
    config = read_outputs_config(arguments.config)
    scenes = read_scenes(arguments.scenes)
    files = scenes_of_shard(scenes, arguments.shard)
    trained = load_trained(arguments.weights, config.inference)
    entries = []
    with whole_folder(arguments.out.parent) as folder:
        for name, scene_file in files.items():
            scene = load_scene(scene_file.path, scenes.classes)
            outputs = infer_scene(trained.model, scene, config.coverage, trained.bounds)
            entry = save_outputs(folder, name, outputs, config.stored_precision)
            print(
                "{name}  {points} points, {rows} rows of outputs, {halved_crops} crops halved".format(**entry),
                flush=True,
            )
            entries.append(entry)
        columns = [*trained.columns, *[None] * trained.model.network.untaught]
        save_manifest(folder / arguments.out.name, config.coverage, columns, entries)


if __name__ == "__main__":
    run_command(main)
