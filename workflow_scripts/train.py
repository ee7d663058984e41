"""Train a network on the scenes of the training splits."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch

from openworld3d.environment.devices import refuse_late_devices
from openworld3d.errors import UserError, run_command
from openworld3d.networks import distributed
from openworld3d.networks.build import build_network
from openworld3d.networks.inputs import input_channels
from openworld3d.networks.weights import save_weights, start_from
from openworld3d.protocols.columns import untaught_names
from openworld3d.protocols.protocol import make_protocol
from openworld3d.scenes.manifests import Scenes, read_scenes
from openworld3d.scenes.scene import load_scene
from openworld3d.training.augmentation import TrainingData, class_weights
from openworld3d.training.checkpoint import Checkpoint, made_by
from openworld3d.training.config import TrainingConfig, read_training_config
from openworld3d.training.loop import train
from openworld3d.training.monitor import RunWatch


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, fromfile_prefix_chars="@")
    parser.add_argument("--config", type=json.loads, required=True, help="JSON: unknown, backbone, recipe, seed")
    parser.add_argument("--scenes", type=Path, nargs="+", required=True, help="manifests of the training splits")
    parser.add_argument(
        "--validation", type=Path, nargs="*", required=True, help="manifests of scenes to validate on, or none"
    )
    parser.add_argument(
        "--initial-weights", type=Path, nargs="*", required=True, help="weights to start from, or none"
    )
    parser.add_argument("--processes", type=int, required=True, help="number of processes that share each batch")
    parser.add_argument("--key", required=True, help="of the training, whose checkpoint alone is resumed")
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--history", type=Path, required=True)
    arguments = parser.parse_args()
    refuse_late_devices()
    config = read_training_config(arguments.config)
    scenes_per_step = config.batching.scenes_per_step
    if arguments.processes > scenes_per_step:
        raise UserError(
            f"{arguments.processes} processes share batches of scenes_per_step = {scenes_per_step}, "
            "expected a scene for each; raise scenes_per_step, or lower the GPUs of rule train"
        )
    distributed.launch(arguments.processes)
    device = distributed.join()
    scenes = read_scenes(arguments.scenes)
    data = training_data(config, scenes)
    recipe, columns = config.recipe, data.protocol.known
    in_channels = input_channels(load_scene(scenes.paths[0], scenes.classes), config.with_normals)
    torch.manual_seed(config.seed)
    backbone = arguments.config["backbone"]
    untaught = len(untaught_names(backbone, config.unlabelled))
    network = build_network(backbone, in_channels, len(columns) - len(recipe.taught), recipe.adapt, untaught)
    for weights in arguments.initial_weights:
        start_from(network, weights, config.optimisation.start_epoch or None)
        recipe.started(network)
    checkpoint = Checkpoint(arguments.weights.with_name("checkpoint.pt"), made_by(arguments.key))
    watch = RunWatch(data, read_scenes(arguments.validation).paths, device, arguments.history)
    _, kept = train(network, data, device, checkpoint, watch)
    watch.close()
    if distributed.rank() == 0:
        unknown = [name for name in config.unknown if name not in data.protocol.taught]
        about = {"unknown": unknown, "columns": columns, "untaught": untaught, "in_channels": in_channels}
        save_weights(arguments.weights, network, {**arguments.config, **about}, kept)
        checkpoint.remove()
    distributed.leave()


def training_data(config: TrainingConfig, scenes: Scenes) -> TrainingData:
    """Return the scenes of a training, with the classes that are known in it and their weights."""
    protocol = make_protocol(scenes.classes, config.unlabelled, config.recipe.taught)
    weight = class_weights(scenes.class_points, protocol.known, config.class_weight_power)
    return TrainingData(scenes.paths, protocol, weight, config)


if __name__ == "__main__":
    run_command(main)
