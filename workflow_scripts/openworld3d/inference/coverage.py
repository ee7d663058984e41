"""Select the points of a scene that go through the network together, and the row of the outputs of each point."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import Iterator

import numpy as np
from scipy.sparse import csr_matrix

from openworld3d.scenes.scene import Scene
from openworld3d.scenes.voxels import voxelise

# How many times a scene goes through the network, rotated by 90 degrees more each time.
TURNS = {"single": 1, "fragments": 1, "tta": 4}
QUARTER_TURN = np.array([[0, 1, 0], [-1, 0, 0], [0, 0, 1]], np.float32)


def output_rows(scene: Scene, voxel_size: float, coverage: str) -> np.ndarray:
    """Return the row of the outputs of each point: its voxel's or its own, (N,) int32."""
    if coverage == "single":
        return voxelise(scene.coord, voxel_size)
    return np.arange(len(scene), dtype=np.int32)


def showings(
    scene: Scene, voxel_size: float, coverage: str, generator: np.random.Generator
) -> Iterator[tuple[Scene, np.ndarray]]:
    """Yield the scene as the network gets it, and the points that it gets together, one per voxel: (V,) int64.

    `single` takes one fragment, `fragments` all of them and so every point, `tta` all fragments of the scene rotated
    by 0, 90, 180 and 270 degrees about the vertical, each rotation with voxels of its own. The protocol of Stratified
    Transformer (Lai et al., CVPR 2022) adds the unrotated scene once more and, for S3DIS, shifted by 0.2 m to either
    side. Here voxels, windows and a coloured scene's input start from a cloud's lowest corner, so that a shift
    changes nothing, and all of these would be the unrotated scene with more weight. They are left out.
    """
    for turns in range(TURNS[coverage]):
        turned = replace(scene, coord=scene.coord @ np.linalg.matrix_power(QUARTER_TURN, turns))
        dealt = fragments(turned, voxel_size, generator)
        for picked in islice(dealt, 1 if coverage == "single" else None):
            yield turned, picked


def fragments(scene: Scene, voxel_size: float, generator: np.random.Generator) -> Iterator[np.ndarray]:
    """Deal the points into fragments with one point of each voxel: (V,) int64 each, in the order of the voxels.

    A voxel's points stand in random order, and fragment r takes the one at r modulo their count; there are as many
    fragments as the fullest voxel has points, so that every point is in at least one.
    """
    voxel = voxelise(scene.coord, voxel_size)
    order = generator.permutation(len(voxel))
    # A counting sort: many times as fast as argsort.
    by_voxel = csr_matrix((order, voxel[order], [0, len(order)])).tocsc().data
    count = np.bincount(voxel)
    start = np.cumsum(count) - count
    for number in range(count.max()):
        yield by_voxel[start + number % count]
