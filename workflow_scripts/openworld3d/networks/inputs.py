"""The input of a network: features of points, and batches of clouds."""

from __future__ import annotations

from typing import Any, NamedTuple, Sequence

import numpy as np
import torch
from torch import Tensor

from openworld3d.errors import UserError
from openworld3d.protocols.protocol import IGNORED
from openworld3d.scenes.scene import Scene


class Cloud(NamedTuple):
    """The points of one scene or crop: coord (V, 3) float32 in metres, feature (V, F) float32, target (V,) int64.

    unknown (V,) bool, the points of unknown classes, is for statistics and upper bounds alone.
    """

    coord: np.ndarray
    feature: np.ndarray
    target: np.ndarray
    unknown: np.ndarray


class Batch(NamedTuple):
    """The input of one step: feature (N, F) float32, geometry as returned by the backbone, target (sites,) int64.

    coord (N, 3) float32 in metres, unknown (N,) bool and offset (B,), where each cloud ends, stay on the CPU. keys:
    each cloud's random seed, none where a process has no cloud of its own; prepared: what its recipe prepared for
    each of these. left_out: the number of voxels that the recipe's limits excluded from the batch.
    """

    feature: Tensor
    geometry: Any
    target: Tensor
    coord: np.ndarray
    unknown: np.ndarray
    offset: np.ndarray
    keys: list[list[int]]
    prepared: list[Any]
    left_out: int

    def to(self, device: torch.device) -> Batch:
        """Return the batch with what the network reads on `device`."""
        feature, target = [part.to(device, non_blocking=True) for part in (self.feature, self.target)]
        return self._replace(feature=feature, geometry=self.geometry.to(device), target=target)


def sensed(scene: Scene) -> np.ndarray:
    """Return colour (N, 3) or intensity (N, 1) in 0..1, float32; 0 (N, 1) for a scene with neither."""
    if scene.color is not None:
        return scene.color.astype(np.float32) / 255
    if scene.intensity is not None:
        return scene.intensity[:, None]
    return np.zeros((len(scene), 1), np.float32)


def appearance(scene: Scene, appearance_range: Sequence[float]) -> np.ndarray:
    """Return `sensed`, (N, F) float32, rescaled from 0..1 to the range [low, high] that the network takes.

    Centred and on the scale of metres, it is not drowned by coordinates in the stem's sums over neighbours; a network
    trained elsewhere needs the range that it was trained on.
    """
    low, high = appearance_range
    return sensed(scene) * (high - low) + low


def normals(scene: Scene, wanted: bool) -> np.ndarray:
    """Return the normals of the points, (N, 3) float32, of which (N, 0) are wanted by most networks.

    Raises UserError where they are wanted and the scene has none.
    """
    if not wanted:
        return np.zeros((len(scene), 0), np.float32)
    if scene.normal is None:
        raise UserError(
            "a scene has no normals, which the backbone sees; give the dataset normals: true, if its layout has the "
            "key, or take it from the backbone"
        )
    return scene.normal


def place(scene: Scene, coord: np.ndarray) -> np.ndarray:
    """Return the position features of points: (V, 3) or (V, 2) float32.

    Metres from the cloud's lowest corner, as in the reference. For a scan with the sensor at the origin, height in
    metres and distance in tens of metres, which are invariant to rotation about the vertical.
    """
    if scene.origin_is_sensor:
        return np.stack([coord[:, 2], np.hypot(coord[:, 0], coord[:, 1]) / 10], 1)
    return coord - coord.min(0)


def input_channels(scene: Scene, with_normals: bool = False) -> int:
    """Return the number of features of a point of scenes like this one."""
    parts = (sensed(scene), normals(scene, with_normals), place(scene, scene.coord[:1]))
    return sum(part.shape[1] for part in parts)


def evaluation_cloud(
    scene: Scene, picked: np.ndarray, appearance_range: Sequence[float], with_normals: bool = False
) -> Cloud:
    """Return the cloud of the picked points, without augmentation or labels."""
    coord, seen = scene.coord[picked], appearance(scene, appearance_range)[picked]
    feature = np.concatenate([seen, normals(scene, with_normals)[picked], place(scene, coord)], 1)
    return Cloud(coord, feature, np.full(len(picked), IGNORED), np.zeros(len(picked), bool))


def join(parts: list[Cloud]) -> Cloud:
    """Concatenate the clouds of a batch."""
    return Cloud(*[np.concatenate(arrays) for arrays in zip(*parts)])


def offsets(parts: list[Cloud]) -> np.ndarray:
    """Return where each cloud of a batch ends: (B,) int64."""
    return np.cumsum([len(part.coord) for part in parts])
