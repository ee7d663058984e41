"""Crops of a scene that a network can hold, until every point is in one."""

from __future__ import annotations

from typing import Any, Iterator, NamedTuple

import numpy as np

from openworld3d.errors import UserError
from openworld3d.networks.backbone import Backbone
from openworld3d.scenes.voxels import nearest_to


class Bounds(NamedTuple):
    """The most that one crop holds: voxels, and attention pairs of one block."""

    voxels: int
    pairs: int


class Crop(NamedTuple):
    """points (M,) int64, in random order; what the network knows of them; whether it was halved to fit."""

    points: np.ndarray
    geometry: Any
    halved: bool


def covering_crops(
    network: Backbone, coord: np.ndarray, bounds: Bounds, generator: np.random.Generator
) -> Iterator[Crop]:
    """Yield crops of coord (V, 3) float32, one point per voxel, until every point is in one.

    Each is as large as the bounds allow, around a random one of the points not visited yet: so crops reach over into
    each other wherever there is more than one, and there are at most V. Centres in the order of the voxels, along the
    scene's edge, would need more crops. Raises UserError where one point alone has more pairs than the bounds allow.
    """
    visited = np.zeros(len(coord), bool)
    for center in generator.permutation(len(coord)):
        if not visited[center]:
            crop = fitting_crop(network, coord, int(center), bounds, generator)
            visited[crop.points] = True
            yield crop


def fitting_crop(
    network: Backbone, coord: np.ndarray, center: int, bounds: Bounds, generator: np.random.Generator
) -> Crop:
    """Return the points nearest to `center`, halved until the bound on pairs holds.

    In random order, as in training: of too many neighbours a network keeps the first, which in the order of the
    voxels all lie on one side.
    """
    most, halved = bounds.voxels, False
    while True:
        points = generator.permutation(nearest_to(coord, center, most))
        geometry = network.geometry(coord[points], np.array([len(points)]))
        if geometry.pairs <= bounds.pairs:
            return Crop(points, geometry, halved)
        if len(points) == 1:
            raise UserError(
                f"inference_pairs is {bounds.pairs}, but one point alone has {geometry.pairs} attention pairs; "
                f"raise it to {geometry.pairs} or more"
            )
        most, halved = len(points) // 2, True
