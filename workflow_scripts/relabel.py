"""Write the training scenes of a step that learns some classes, with no label of any other class.

Points of other classes are void, or have the prediction of the network of the step before. Scenes without a point of
the step's classes are left out.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

from openworld3d.environment.devices import refuse_late_devices
from openworld3d.errors import UserError, run_command
from openworld3d.files import sha256_of, whole_folder, write_json
from openworld3d.inference.config import read_relabel_config
from openworld3d.inference.model import Trained, infer_scene, load_trained
from openworld3d.protocols.protocol import make_protocol
from openworld3d.scenes.manifests import read_scenes
from openworld3d.scenes.scene import VOID, Scene, describe, load_scene, save_scene


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, fromfile_prefix_chars="@")
    parser.add_argument(
        "--config",
        type=json.loads,
        required=True,
        help="JSON: teaches, old_labels (predicted or void), inference_voxels, inference_pairs, recipe",
    )
    parser.add_argument("--weights", type=Path, required=True, help="of the step before")
    parser.add_argument("--scenes", type=Path, nargs="+", required=True, help="manifests of the training splits")
    parser.add_argument("--out", type=Path, required=True, help="manifest.json, the scenes beside it")
    arguments = parser.parse_args()
    refuse_late_devices()
    config = read_relabel_config(arguments.config)
    scenes = read_scenes(arguments.scenes)
    before = load_trained(arguments.weights, config.predicts) if config.predicts else None
    taught = make_protocol(scenes.classes, config.teaches)
    entries = []
    with whole_folder(arguments.out.parent) as folder:
        for name, file in scenes.files.items():
            scene = load_scene(file.path, scenes.classes)
            new = taught.is_unknown(scene.label)
            if new.any():
                scene.label = np.where(new, scene.label, old_labels(scene, before, scenes.classes))
                save_scene(folder / f"{name}.npz", scene)
                digest = sha256_of(folder / f"{name}.npz")
                entries.append({"name": name, "sha256": digest, **describe(scene, scenes.classes)})
        if not entries:
            raise UserError(
                f"no training scene has a point of {', '.join(config.teaches)}, which this step learns; "
                "choose classes that the training scenes have"
            )
        write_json(folder / arguments.out.name, {"classes": scenes.classes, "scenes": entries})
    print(f"{len(entries)} of {len(scenes.files)} scenes have points of {', '.join(config.teaches)}")


def old_labels(scene: Scene, before: Trained | None, classes: list[str]) -> np.ndarray:
    """Return the class that a network predicts for each point, or void without a network: (N,) uint8."""
    if before is None:
        return np.full(len(scene), VOID, np.uint8)
    outputs = infer_scene(before.model, scene, "single", before.bounds)
    class_of_column = np.array([classes.index(name) for name in before.columns], np.uint8)
    logits = outputs["logits"][:, : len(class_of_column)]  # without the untaught columns
    return class_of_column[logits.argmax(axis=1)][outputs["inverse"]]


if __name__ == "__main__":
    run_command(main)
