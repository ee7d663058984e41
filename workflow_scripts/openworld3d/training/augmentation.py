"""Training clouds: scenes cropped and augmented, one random point per voxel, and the weights of their classes."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, Sequence

import numpy as np

from openworld3d.networks.inputs import Cloud, appearance, normals, place
from openworld3d.protocols.protocol import Protocol
from openworld3d.scenes.scene import Scene
from openworld3d.scenes.voxels import nearest_to, pick_points, voxelise
from openworld3d.training.config import Augmentation, TrainingConfig

AXES = ("x", "y", "z")


class TrainingData(NamedTuple):
    """The scenes of a training, what their labels mean, the weight of each known class, and the configuration."""

    scenes: list[Path]
    protocol: Protocol
    class_weight: np.ndarray
    config: TrainingConfig


def class_weights(class_points: dict[str, int], known: list[str], power: float) -> np.ndarray:
    """Return frequency**-power of each known class, scaled to a mean of 1 over the points: (K,) float32.

    Power 0 weighs every point alike, 1 every class alike; a class without points has weight 0.
    """
    points = np.array([class_points.get(name, 0) for name in known], np.float64)
    weight = np.where(points > 0, np.maximum(points, 1) ** -power, 0)
    return (weight * points.sum() / (weight * points).sum()).astype(np.float32)


def training_cloud(scene: Scene, data: TrainingData, crop_voxels: int, generator: np.random.Generator) -> Cloud:
    """Draw one training cloud: augment, one random point per voxel, the `crop_voxels` nearest to a random one.

    The points are in random order: of too many neighbours a network keeps the first, which in the order of the voxels
    all lie on one side. A point that the recipe makes unknown has the target K, which follows the known classes'.
    """
    config = data.config
    if config.unknown_points == "remove":
        scene = scene.take(~data.protocol.is_unknown(scene.label))
    scene, made_unknown = config.recipe.alter(scene, data.protocol, generator)
    same = deepcopy(generator)
    coord = augment_coord(scene.coord, config.augmentation, generator)
    normal = augment_normal(normals(scene, config.with_normals), config.augmentation, same)
    picked = pick_points(voxelise(coord, config.voxel_size), generator)
    nearest = nearest_to(coord[picked], int(generator.integers(len(picked))), crop_voxels)
    crop = picked[generator.permutation(nearest)]
    seen = appearance(scene, config.appearance_range)[crop]
    seen = augment_appearance(seen, config.appearance_range, config.augmentation, generator)
    target = data.protocol.targets(scene.label[crop])
    target[made_unknown[crop]] = len(data.protocol.known)
    feature = np.concatenate([seen, normal[crop], place(scene, coord[crop])], 1)
    return Cloud(coord[crop], feature, target, data.protocol.is_unknown(scene.label[crop]))


def augment_coord(coord: np.ndarray, options: Augmentation, generator: np.random.Generator) -> np.ndarray:
    """Rotate about the vertical, flip, scale, shift and jitter: (N, 3) float32 -> (N, 3) float32."""
    angle = generator.uniform(-1, 1) * np.deg2rad(options.rotation_degrees)
    cosine, sine = np.cos(angle), np.sin(angle)
    turn = np.array([[cosine, sine, 0], [-sine, cosine, 0], [0, 0, 1]])
    flip = [generator.choice([-1, 1]) if axis in options.flip else 1 for axis in AXES]
    smallest, largest = options.scale
    factor = generator.uniform(smallest, largest)
    scale = [factor if axis in options.scale_axes else 1 for axis in AXES]
    shift = generator.normal(0, options.shift, 3)
    jitter = generator.normal(0, options.jitter, coord.shape).clip(-4 * options.jitter, 4 * options.jitter)
    return (coord @ turn * flip * scale + shift + jitter).astype(np.float32)


def augment_normal(normal: np.ndarray, options: Augmentation, generator: np.random.Generator) -> np.ndarray:
    """Rotate and flip normals as `augment_coord` does from the same state of the generator: (N, 3) or (N, 0)."""
    turned = replace(options, scale=(1, 1), shift=0.0, jitter=0.0)
    return augment_coord(normal, turned, generator) if normal.size else normal


def augment_appearance(
    seen: np.ndarray, appearance_range: Sequence[float], options: Augmentation, generator: np.random.Generator
) -> np.ndarray:
    """Shift each channel within its range, or drop all to 0 as the reference does: (V, F) float32."""
    if generator.random() < options.drop_appearance:
        return np.zeros_like(seen)
    shift = generator.normal(0, options.appearance_shift, seen.shape[1])
    low, high = appearance_range
    return (seen + shift).clip(low, high).astype(np.float32)
