"""Select the points of a scene that go through the network together, and the row of the outputs of each point."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice
from typing import Iterator

import numpy as np
from scipy.sparse import csr_matrix

from openworld3d.scenes.scene import Scene
from openworld3d.scenes.voxels import voxelise

QUARTER = np.pi / 2
# 90, 180 and 270, which the released test of Stratified Transformer takes for radians: 117, 233 and 350 degrees.
RELEASED = (90.0, 180.0, 270.0)
# The angles about the vertical, in radians, by which a scene is rotated each time that it goes through the network.
TURNS: dict[str, tuple[float, ...]] = {
    "single": (0.0,),
    "fragments": (0.0,),
    "tta": (0.0, QUARTER, 2 * QUARTER, 3 * QUARTER),
    "tta_scannet": (0.0, 0.0, *RELEASED),
    "tta_s3dis": (0.0, 0.0, 0.0, 0.0, *RELEASED),
}


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
    by 0, 90, 180 and 270 degrees about the vertical, each rotation with voxels of its own. `tta_scannet` and
    `tta_s3dis` are what the released test of Stratified Transformer (Lai et al., CVPR 2022) does on these datasets:
    other angles, and the unrotated scene once more. On S3DIS it shifts the scene by 0.2 m to either side too; as
    voxels, windows and a coloured scene's input start from a cloud's lowest corner, that is the unrotated scene.
    """
    for angle in TURNS[coverage]:
        turn = rotation(angle)
        normal = None if scene.normal is None else scene.normal @ turn
        turned = replace(scene, coord=scene.coord @ turn, normal=normal)
        dealt = fragments(turned, voxel_size, generator)
        for picked in islice(dealt, 1 if coverage == "single" else None):
            yield turned, picked


def rotation(angle: float) -> np.ndarray:
    """Return what rotates rows about the vertical by an angle in radians, exact for quarter turns: (3, 3) float32."""
    cosine, sine = np.cos(angle), np.sin(angle)
    return np.array([[cosine, sine, 0], [-sine, cosine, 0], [0, 0, 1]]).round(12).astype(np.float32)


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
