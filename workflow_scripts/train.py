"""Train one run: scenes of the training splits to a network's weights."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch

from openworld3d.batches import TrainingData, class_weights, input_channels
from openworld3d.checkpoint import Checkpoint, identity
from openworld3d.devices import refuse_late_devices
from openworld3d.errors import run_command
from openworld3d.files import write_json
from openworld3d.manifests import read_scenes
from openworld3d.plugins import load
from openworld3d.protocol import make_protocol
from openworld3d.scene import load_scene
from openworld3d.training import train
from openworld3d.weights import save_weights


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=json.loads, required=True, help="JSON: unknown, backbone, recipe, seed")
    parser.add_argument("--scenes", type=Path, nargs="+", required=True, help="manifests of the training splits")
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--history", type=Path, required=True)
    arguments = parser.parse_args()
    refuse_late_devices()
    config = arguments.config
    scenes = read_scenes(arguments.scenes)
    protocol = make_protocol(scenes.classes, config["unknown"])
    paths = [scene.path for scene in scenes.files.values()]
    in_channels = input_channels(load_scene(paths[0], scenes.classes))
    torch.manual_seed(config["seed"])
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    backbone, recipe = config["backbone"], config["recipe"]
    network = load("backbones", backbone["network"]).build(backbone, in_channels, len(protocol.known))
    weight = class_weights(scenes.class_points, protocol.known, recipe["class_weight_power"])
    data = TrainingData(
        paths,
        protocol,
        config["unknown_points"],
        recipe,
        backbone["grid_size"],
        backbone["appearance_range"],
        weight,
        config["seed"],
    )
    recipe_module = load("recipes", recipe["kind"])
    checkpoint = Checkpoint(arguments.weights.with_name("checkpoint.npz"), identity(config, arguments.scenes))
    history = train(network, recipe_module, data, device, checkpoint)
    save_weights(arguments.weights, network, {**config, "known": protocol.known, "in_channels": in_channels})
    write_json(arguments.history, history)
    checkpoint.remove()


if __name__ == "__main__":
    run_command(main)
