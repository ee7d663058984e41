"""From scenes to what a network takes: one point per voxel, crops, augmentation, input features, batches."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable, Mapping, NamedTuple, Sequence, Tuple

import numpy as np
import torch
from torch import Tensor

from openworld3d.protocols.protocol import IGNORED, Protocol
from openworld3d.scenes.scene import Scene
from openworld3d.scenes.voxels import nearest_to, pick_points, voxelise

Alter = Callable[[Scene, Protocol, Mapping[str, Any], np.random.Generator], Tuple[Scene, np.ndarray]]


def as_it_is(
    scene: Scene, protocol: Protocol, recipe: Mapping[str, Any], generator: np.random.Generator
) -> tuple[Scene, np.ndarray]:
    """Return a training scene as it is, and that no point was made unknown: (N,) bool."""
    return scene, np.zeros(len(scene), bool)


class TrainingData(NamedTuple):
    """What a run learns from, and how its scenes are shown: the recipe's augmentation and crops.

    `alter` may change a scene before it is augmented, and says which points it made unknown.
    """

    scenes: list[Path]
    protocol: Protocol
    unknown_points: str
    recipe: dict[str, Any]
    voxel_size: float
    appearance_range: Sequence[float]
    class_weight: np.ndarray
    seed: int
    alter: Alter = as_it_is


def class_weights(class_points: dict[str, int], known: list[str], power: float) -> np.ndarray:
    """Return frequency**-power of each known class, scaled to a mean of 1 over the points: (K,) float32.

    Power 0 weighs every point alike, 1 every class alike; a class without points has weight 0.
    """
    points = np.array([class_points.get(name, 0) for name in known], np.float64)
    weight = np.where(points > 0, np.maximum(points, 1) ** -power, 0)
    return (weight * points.sum() / (weight * points).sum()).astype(np.float32)


class Cloud(NamedTuple):
    """The points of one scene or crop: coord (V, 3) float32 in metres, feature (V, F) float32, target (V,) int64.

    unknown (V,) bool: which points are of an unknown class, for what is told of a training or bounds it from above.
    """

    coord: np.ndarray
    feature: np.ndarray
    target: np.ndarray
    unknown: np.ndarray


class Batch(NamedTuple):
    """One step's input: feature (N, F) float32, geometry of the network's own making, target (N,) int64.

    coord (N, 3) float32 in metres, unknown (N,) bool and offset (B,), where each cloud ends, stay on the processor.
    keys: of each cloud the numbers that its random draws begin with, none where a process has no cloud of its own;
    left_out: the voxels that the batch would hold beside its N without the recipe's bounds.
    """

    feature: Tensor
    geometry: Any
    target: Tensor
    coord: np.ndarray
    unknown: np.ndarray
    offset: np.ndarray
    keys: list[list[int]]
    left_out: int

    def to(self, device: torch.device) -> Batch:
        """Return the batch with what the network reads on `device`."""
        feature, target = self.feature.to(device), self.target.to(device)
        return self._replace(feature=feature, geometry=self.geometry.to(device), target=target)


def sensed(scene: Scene) -> np.ndarray:
    """Return what was seen beside the place, in 0..1: colour (N, 3) or intensity (N, 1) float32, 0 for neither."""
    if scene.color is not None:
        return scene.color.astype(np.float32) / 255
    if scene.intensity is not None:
        return scene.intensity[:, None]
    return np.zeros((len(scene), 1), np.float32)


def appearance(scene: Scene, appearance_range: Sequence[float]) -> np.ndarray:
    """Return what `sensed` says, (N, F) float32, as a network takes it: 0..1 moved to its range [low, high].

    Centred and about as wide as metres are, the stem's sums over neighbours do not drown it; a network trained
    elsewhere wants the range that it was trained on.
    """
    low, high = appearance_range
    return sensed(scene) * (high - low) + low


def place(scene: Scene, coord: np.ndarray) -> np.ndarray:
    """Return what a point's place tells: (V, 3) or (V, 2) float32.

    Metres from the cloud's lowest corner, as the reference has it. Where the origin is the sensor, a spinning LiDAR,
    metres of height and tens of metres of distance, which turning the scan does not change.
    """
    if scene.origin_is_sensor:
        return np.stack([coord[:, 2], np.hypot(coord[:, 0], coord[:, 1]) / 10], 1)
    return coord - coord.min(0)


def input_channels(scene: Scene) -> int:
    """Return how many features a network takes for scenes like this one."""
    return sensed(scene).shape[1] + place(scene, scene.coord[:1]).shape[1]


def training_cloud(scene: Scene, data: TrainingData, crop_voxels: int, generator: np.random.Generator) -> Cloud:
    """Draw one training cloud: augment, one random point per voxel, the `crop_voxels` nearest to a random one.

    A point that is made unknown has the target that follows the known classes'.
    """
    if data.unknown_points == "remove":
        scene = scene.take(~data.protocol.is_unknown(scene.label))
    scene, made_unknown = data.alter(scene, data.protocol, data.recipe, generator)
    coord = augment_coord(scene.coord, data.recipe, generator)
    picked = pick_points(voxelise(coord, data.voxel_size), generator)
    crop = picked[nearest_to(coord[picked], int(generator.integers(len(picked))), crop_voxels)]
    seen = appearance(scene, data.appearance_range)[crop]
    seen = augment_appearance(seen, data.appearance_range, data.recipe, generator)
    target = data.protocol.targets(scene.label[crop])
    target[made_unknown[crop]] = len(data.protocol.known)
    feature = np.concatenate([seen, place(scene, coord[crop])], 1)
    return Cloud(coord[crop], feature, target, data.protocol.is_unknown(scene.label[crop]))


def augment_coord(coord: np.ndarray, recipe: dict[str, Any], generator: np.random.Generator) -> np.ndarray:
    """Turn about the vertical, mirror, scale and jitter: (N, 3) float32 -> (N, 3) float32."""
    angle = generator.uniform(-1, 1) * np.deg2rad(recipe["rotation_degrees"])
    cosine, sine = np.cos(angle), np.sin(angle)
    turn = np.array([[cosine, sine, 0], [-sine, cosine, 0], [0, 0, 1]])
    turn[:, 0] *= generator.choice([-1, 1]) if recipe["mirror"] else 1
    scale = generator.uniform(*recipe["scale"])
    jitter = generator.normal(0, recipe["jitter"], coord.shape).clip(-4 * recipe["jitter"], 4 * recipe["jitter"])
    return (coord @ turn * scale + jitter).astype(np.float32)


def augment_appearance(
    seen: np.ndarray, appearance_range: Sequence[float], recipe: dict[str, Any], generator: np.random.Generator
) -> np.ndarray:
    """Shift each channel within its range, or drop all to 0 as the reference does: (V, F) float32."""
    if generator.random() < recipe["drop_appearance"]:
        return np.zeros_like(seen)
    shift = generator.normal(0, recipe["appearance_shift"], seen.shape[1])
    return (seen + shift).clip(*appearance_range).astype(np.float32)


def evaluation_cloud(scene: Scene, picked: np.ndarray, appearance_range: Sequence[float]) -> Cloud:
    """Return the cloud of the picked points as they are, without labels."""
    coord = scene.coord[picked]
    feature = np.concatenate([appearance(scene, appearance_range)[picked], place(scene, coord)], 1)
    return Cloud(coord, feature, np.full(len(picked), IGNORED), np.zeros(len(picked), bool))


def join(parts: list[Cloud]) -> Cloud:
    """Put the clouds of a batch one after the other."""
    return Cloud(*[np.concatenate(arrays) for arrays in zip(*parts)])


def offsets(parts: list[Cloud]) -> np.ndarray:
    """Return where each cloud of a batch ends: (B,) int64."""
    return np.cumsum([len(part.coord) for part in parts])
