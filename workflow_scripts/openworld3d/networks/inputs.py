"""The input of a network: the features of a cloud's points, and batches of clouds."""

from __future__ import annotations

from typing import Any, NamedTuple, Sequence

import numpy as np
import torch
from torch import Tensor

from openworld3d.protocols.protocol import IGNORED
from openworld3d.scenes.scene import Scene


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
