"""Run a trained network over its training scenes, and store a sample of the outputs to fit scores on."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from openworld3d.arrays import write_arrays
from openworld3d.environment.devices import refuse_late_devices
from openworld3d.errors import run_command
from openworld3d.inference.config import read_training_scenes_config
from openworld3d.inference.model import load_trained
from openworld3d.inference.training_sample import draw_sample, last_layer
from openworld3d.scenes.manifests import read_scenes


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
    parser.add_argument("--out", type=Path, required=True, help="a training sample, .npz")
    arguments = parser.parse_args()
    refuse_late_devices()
    config = read_training_scenes_config(arguments.config)
    trained = load_trained(arguments.weights, config.inference)
    scenes = read_scenes(arguments.scenes)
    sample = draw_sample(trained, scenes, config.unknown_points, config.seed)
    write_arrays(arguments.out, {**sample, **last_layer(trained.model.network)})


if __name__ == "__main__":
    run_command(main)
