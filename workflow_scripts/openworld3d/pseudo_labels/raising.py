"""Unknown objects made of the ground: the points of a ball are raised, as Relative Energy Learning trains with.

Li et al., Relative Energy Learning for LiDAR Out-of-Distribution Detection, arXiv 2511.06720, call it Point Raise.
Their code is not public. What follows is the function `raise_cluster_with_pull` in the code of their next paper,
which no longer calls it (github.com/343gltysprk/ndp at ad4d197, data/ood_augmentation.py).
"""

from __future__ import annotations

import math
from typing import NamedTuple, Sequence

import numpy as np

from openworld3d.protocols.protocol import Protocol
from openworld3d.pseudo_labels.synthesis import source_classes
from openworld3d.scenes.scene import Scene, ranges

PULL = (
    0.5  # of the logarithm of how much farther the farthest point is than the nearest; the code's `pull_factor` of 2
)


class Raising(NamedTuple):
    """How points are raised: `clusters` of a scene, each of `radius` metres, each point by up to `height` metres."""

    clusters: int
    radius: float
    height: float


def raise_points(
    scene: Scene, protocol: Protocol, names: Sequence[str], options: Raising, generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Raise the points of some classes that lie around a random one of them, a cluster at a time.

    Return where the points are now, (N, 3) float32 in metres, and which of them were raised, (N,) bool. A point is
    raised once, by a height of its own; where the origin is the sensor, it is first pulled towards it. Neither
    depends on the label of a point of another class. Raises UserError for a class that is unknown or does not exist.
    """
    coord, raised = scene.coord.copy(), np.zeros(len(scene), bool)
    ground = np.isin(scene.label, source_classes(protocol, names))
    for _ in range(options.clusters):
        free = np.flatnonzero(ground & ~raised)
        if not len(free):
            break
        centre = scene.coord[generator.choice(free)]
        cluster = free[np.linalg.norm(scene.coord[free] - centre, axis=1) <= options.radius]
        moved = scene.coord[cluster]
        if scene.origin_is_sensor:
            moved = pulled(moved)
        coord[cluster] = moved
        coord[cluster, 2] += generator.uniform(0, options.height, len(cluster))
        raised[cluster] = True
    return coord, raised


def pulled(coord: np.ndarray) -> np.ndarray:
    """Pull points towards the sensor at the origin, so that the ground stands up: (n, 3) float32 -> the same.

    x e^{-a (r - r_min)} with a = log(r_max / r_min) / (2 (r_max - r_min)): the nearest point stays, and the farthest
    comes to the geometric mean of the two ranges. Points of one range stay.
    """
    distance = ranges(coord)
    near, far = float(distance.min()), float(distance.max())
    if not 0 < near < far:
        return coord
    return coord * np.exp(-PULL * math.log(far / near) / (far - near) * (distance - near))
