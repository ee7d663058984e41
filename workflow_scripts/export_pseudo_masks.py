"""Write each training scene as a cloud coloured by which points the run's trained network would take for unknown.

Which of them are of an unknown class is for information: nothing learns from it.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from openworld3d.environment.devices import refuse_late_devices
from openworld3d.errors import run_command
from openworld3d.files import whole_folder, write_json
from openworld3d.inference.config import read_training_scenes_config
from openworld3d.inference.model import infer_scene, load_trained, picked_points
from openworld3d.protocols.protocol import make_protocol
from openworld3d.pseudo_labels.masks import COLOURS, cases, describe_cases, mark_scene
from openworld3d.reports.clouds import write_cloud
from openworld3d.scenes.manifests import read_scenes
from openworld3d.scenes.scene import VOID, load_scene

PALETTE = np.array(list(COLOURS.values()), np.uint8)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, fromfile_prefix_chars="@")
    parser.add_argument(
        "--config",
        type=json.loads,
        required=True,
        help="JSON: inference_voxels, inference_pairs, recipe, unknown_points, seed",
    )
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--scenes", type=Path, nargs="+", required=True, help="manifests of the training splits")
    parser.add_argument("--out", type=Path, required=True, help="manifest.json, the clouds beside it")
    arguments = parser.parse_args()
    refuse_late_devices()
    config = read_training_scenes_config(arguments.config)
    scenes = read_scenes(arguments.scenes)
    trained = load_trained(arguments.weights, config.inference)
    model, protocol = trained.model, make_protocol(scenes.classes, trained.unknown)
    entries, total = [], np.zeros(len(COLOURS), np.int64)
    with whole_folder(arguments.out.parent) as folder:
        for number, (name, file) in enumerate(scenes.files.items()):
            scene = load_scene(file.path, scenes.classes)
            if config.unknown_points == "remove":
                scene = scene.take(~protocol.is_unknown(scene.label))
            outputs, picked = infer_scene(model, scene, "single", trained.bounds), picked_points(model, scene)
            generator = np.random.default_rng([config.seed, number])
            mask = mark_scene(scene, picked, outputs, protocol, model.recipe.mark, generator)
            case = cases(mask, scene.label, protocol)
            write_cloud(folder / f"{name}.ply", scene, PALETTE[case], marked=mask.astype(np.uint8))
            count = np.bincount(case, minlength=len(COLOURS))
            entries.append({"name": name, **describe_cases(count)})
            total += count
            print(f"{name}  {len(scene)} points, {np.count_nonzero(mask)} marked", flush=True)
        about = {"colours": COLOURS, "classes": scenes.classes, "void": VOID, "unknown": trained.unknown}
        write_json(folder / arguments.out.name, {**about, "all": describe_cases(total), "scenes": entries})


if __name__ == "__main__":
    run_command(main)
