"""Configurations of experiments, and training data on the scenes that the part `rooms` makes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml

from benchmarks.gpu.rows import Setting
from openworld3d.datasets.scannet import CLASSES
from openworld3d.networks.backbone import Backbone
from openworld3d.networks.build import build_network
from openworld3d.networks.inputs import input_channels
from openworld3d.protocols.protocol import make_protocol
from openworld3d.scenes.scene import Scene, load_scene
from openworld3d.scenes.voxels import nearest_to, pick_points, voxelise
from openworld3d.training.augmentation import TrainingData, class_weights
from openworld3d.training.config import read_training_config

ROOT = Path(__file__).resolve().parents[2]
UNKNOWN = ["sofa"]
# Changes to any experiment that make it small enough for the CPU.
SMALL_BACKBONE = {
    "depths": [1, 1, 1, 1],
    "num_layers": 4,
    "channels": [16, 32, 32, 32],
    "num_heads": [1, 2, 2, 2],
    "planes": [8, 8, 8, 8, 8],
    "blocks": [1, 1, 1, 1, 1],
}
SMALL_RECIPE = {"crop_voxels": 400, "batch_voxels": 4000, "loop": 1}


def experiment(name: str) -> dict[str, Any]:
    """Return the file of an experiment, by its path from the project's folder."""
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


def backbone_of(setting: Setting, file: str, name: str) -> dict[str, Any]:
    """Return a backbone's keys, a small one's in a dry run."""
    keys = experiment(file)["backbones"][name]
    return {**keys, **setting.pick({}, {key: value for key, value in SMALL_BACKBONE.items() if key in keys})}


def recipe_of(setting: Setting, file: str, name: str) -> dict[str, Any]:
    """Return a recipe's keys and those of the recipes that it extends."""
    recipes = experiment(file)["recipes"]
    keys = dict(recipes[name])
    while "extends" in keys:
        keys = {**recipes[keys.pop("extends")], **keys}
    return {**keys, **setting.pick({}, SMALL_RECIPE)}


def scenes_of(setting: Setting, kind: str) -> list[Path]:
    """Return the scenes of a kind that the part `rooms` made."""
    return sorted((setting.folder / kind).glob("*.npz"))


def training_data(backbone: dict[str, Any], recipe: dict[str, Any], scenes: list[Path]) -> TrainingData:
    """Return what a training needs, sofas being unknown."""
    slice_ = {"unknown": UNKNOWN, "unknown_points": "ignore", "seed": 0, "backbone": backbone, "recipe": recipe}
    config = read_training_config(slice_)
    protocol = make_protocol(CLASSES, config.unlabelled)
    labels = np.concatenate([load_scene(path, CLASSES).label for path in scenes])
    points = {name: int((labels == index).sum()) for index, name in enumerate(CLASSES)}
    weight = class_weights(points, protocol.known, config.class_weight_power)
    return TrainingData(scenes, protocol, weight, config)


def network_of(backbone: dict[str, Any], data: TrainingData) -> Backbone:
    """Return an untrained network for training data, the same for the same data."""
    torch.manual_seed(data.config.seed)
    channels = input_channels(load_scene(data.scenes[0], CLASSES))
    return build_network(backbone, channels, len(data.protocol.known), data.config.recipe.adapt)


def cloud(scene: Scene, grid: float, voxels: int) -> np.ndarray:
    """Return so many points of a scene that lie together, one per voxel: (<= voxels, 3) float32."""
    coord = scene.coord[pick_points(voxelise(scene.coord, grid), np.random.default_rng(0))]
    return coord[nearest_to(coord, len(coord) // 2, voxels)]
