"""Run a trained network over the scenes of the evaluation splits; scores read what it writes."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch

from openworld3d.crops import Bounds
from openworld3d.devices import refuse_late_devices
from openworld3d.errors import run_command
from openworld3d.files import sha256_of, whole_folder, write_json
from openworld3d.inference import Model, infer_scene
from openworld3d.manifests import read_scenes
from openworld3d.plugins import load
from openworld3d.scene import load_scene
from openworld3d.weights import load_weights


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--config", type=json.loads, required=True, help="JSON: coverage, inference_voxels, inference_pairs, recipe"
    )
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--scenes", type=Path, nargs="+", required=True, help="manifests of the evaluation splits")
    parser.add_argument("--out", type=Path, required=True, help="manifest.json, the outputs beside it")
    arguments = parser.parse_args()
    refuse_late_devices()
    coverage = arguments.config["coverage"]
    bounds = Bounds(arguments.config["inference_voxels"], arguments.config["inference_pairs"])
    state, config = load_weights(arguments.weights)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    backbone, known = config["backbone"], config["known"]
    network = load("backbones", backbone["network"]).build(backbone, config["in_channels"], len(known))
    network.load_state_dict(state)
    network.to(device).eval()
    recipe = {**config["recipe"], **arguments.config["recipe"]}
    recipe_module = load("recipes", recipe["kind"])
    model = Model(network, recipe_module, recipe, backbone["grid_size"], backbone["appearance_range"], device)
    scenes = read_scenes(arguments.scenes)
    entries = []
    with whole_folder(arguments.out.parent) as folder:
        for name, scene_file in scenes.files.items():
            outputs = infer_scene(model, load_scene(scene_file.path, scenes.classes), coverage, bounds)
            file = folder / f"{name}.npz"
            np.savez(file, **cast(Any, outputs))
            points, rows, halved = len(outputs["inverse"]), len(outputs["logits"]), int(outputs["halved_crops"])
            digest = sha256_of(file)
            entries.append({"name": name, "points": points, "rows": rows, "halved_crops": halved, "sha256": digest})
            print(f"{name}  {points} points, {rows} rows of outputs, {halved} crops halved", flush=True)
        write_json(folder / arguments.out.name, {"coverage": coverage, "known": known, "scenes": entries})


if __name__ == "__main__":
    run_command(main)
