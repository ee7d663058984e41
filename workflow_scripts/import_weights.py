"""Turn the checkpoint of a network that is already trained into the weights of a run."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from openworld3d.errors import run_command
from openworld3d.networks.build import build_network
from openworld3d.networks.inputs import input_channels
from openworld3d.networks.pretrained import load_released
from openworld3d.networks.weights import save_weights
from openworld3d.protocols.columns import check_columns
from openworld3d.protocols.protocol import make_protocol
from openworld3d.recipes import make_recipe, recipe_module
from openworld3d.scenes.manifests import read_scenes
from openworld3d.scenes.scene import load_scene


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=json.loads, required=True, help="JSON: unknown, backbone, recipe")
    parser.add_argument("--checkpoint", type=Path, required=True, help="a file of torch.save")
    parser.add_argument("--scenes", type=Path, nargs="+", required=True, help="manifests of the evaluation splits")
    parser.add_argument("--weights", type=Path, required=True)
    arguments = parser.parse_args()
    config = arguments.config
    scenes = read_scenes(arguments.scenes)
    unlabelled = [] if recipe_module(config["recipe"]["kind"]).TRAINS_ON_UNKNOWN else config["unknown"]
    protocol = make_protocol(scenes.classes, unlabelled)
    columns = config["recipe"].get("pretrained_classes", protocol.known)
    check_columns("pretrained_classes", columns, protocol.classes, protocol.unknown)
    in_channels = input_channels(load_scene(scenes.paths[0], scenes.classes))
    network = build_network(config["backbone"], in_channels, len(columns), make_recipe(config["recipe"]).adapt)
    load_released(network, arguments.checkpoint, columns)
    save_weights(arguments.weights, network, {**config, "columns": columns, "in_channels": in_channels})


if __name__ == "__main__":
    run_command(main)
