"""Turn the checkpoint of a network that is already trained into the weights of a run."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from openworld3d.errors import run_command
from openworld3d.networks.build import build_network
from openworld3d.networks.inputs import input_channels
from openworld3d.networks.pretrained import is_own, load_released, own_columns
from openworld3d.networks.weights import save_weights
from openworld3d.protocols.columns import UNLABELLED, check_columns, check_untaught, untaught_names
from openworld3d.protocols.protocol import make_protocol
from openworld3d.recipes import make_recipe, recipe_module
from openworld3d.scenes.manifests import read_scenes
from openworld3d.scenes.scene import load_scene


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, fromfile_prefix_chars="@")
    parser.add_argument("--config", type=json.loads, required=True, help="JSON: unknown, backbone, recipe")
    parser.add_argument("--checkpoint", type=Path, required=True, help="of torch.save, or weights.npz of a run")
    parser.add_argument("--scenes", type=Path, nargs="+", required=True, help="manifests of the evaluation splits")
    parser.add_argument("--weights", type=Path, required=True)
    arguments = parser.parse_args()
    config = arguments.config
    scenes = read_scenes(arguments.scenes)
    unlabelled = [] if recipe_module(config["recipe"]["kind"]).TRAINS_ON_UNKNOWN else config["unknown"]
    protocol = make_protocol(scenes.classes, unlabelled)
    # Columns that no label trained: the network keeps some, and others are taken off.
    kept, taken_off = untaught_names(config["backbone"], unlabelled), config["recipe"].get("pretrained_untaught", [])
    # As released networks have them: what is void first, then all classes that have a column.
    usual = [name for name in (UNLABELLED, *protocol.classes) if name in (*kept, *taken_off, *protocol.known)]
    place = "pretrained_classes"
    if is_own(arguments.checkpoint) and place not in config["recipe"]:
        usual, place = own_columns(arguments.checkpoint, kept), str(arguments.checkpoint)
    listed = config["recipe"].get("pretrained_classes", usual)
    check_untaught("pretrained_untaught", taken_off, listed, protocol.classes, protocol.unknown)
    remaining = [name for name in listed if name not in taken_off]
    check_columns(place, remaining, protocol.classes, protocol.unknown, kept)
    columns = [name for name in remaining if name not in kept]
    with_normals = config["backbone"].get("normals", False)
    in_channels = input_channels(load_scene(scenes.paths[0], scenes.classes), with_normals)
    adapt = make_recipe(config["recipe"]).adapt
    network = build_network(config["backbone"], in_channels, len(columns), adapt, len(kept))
    load_released(network, arguments.checkpoint, listed, [*columns, *kept])
    about = {"columns": columns, "untaught": len(kept), "in_channels": in_channels}
    save_weights(arguments.weights, network, {**config, **about})


if __name__ == "__main__":
    run_command(main)
