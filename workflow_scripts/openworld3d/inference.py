"""From a scene to the network's outputs on every voxel: crops that cover the scene, outputs averaged over visits."""

from __future__ import annotations

from types import ModuleType
from typing import Iterator, Sequence

import numpy as np
import torch

from openworld3d.backbone import Backbone
from openworld3d.batches import evaluation_cloud
from openworld3d.scene import Scene
from openworld3d.voxel import nearest_to, pick_points, voxelise


def infer_scene(
    network: Backbone,
    recipe_module: ModuleType,
    scene: Scene,
    voxel_size: float,
    appearance_range: Sequence[float],
    crop_voxels: int,
    device: torch.device,
) -> dict[str, np.ndarray]:
    """Return the recipe's outputs per voxel, (V, C) float32 each, and `inverse` (N,) int32, each point's voxel."""
    inverse = voxelise(scene.coord, voxel_size)
    picked = pick_points(inverse, np.random.default_rng(0))
    total: dict[str, np.ndarray] = {}
    visits = np.zeros(len(picked), np.int64)
    for crop in covering_crops(scene.coord[picked], crop_voxels, visits):
        cloud = evaluation_cloud(scene, picked[crop], appearance_range)
        geometry = network.geometry(cloud.coord, np.array([len(crop)]))
        with torch.no_grad():
            outputs = recipe_module.outputs(network, torch.from_numpy(cloud.feature).to(device), geometry.to(device))
        for name, value in outputs.items():
            total.setdefault(name, np.zeros((len(picked), *value.shape[1:]), np.float32))[crop] += value.cpu().numpy()
    averaged = {name: value / visits[:, None].astype(np.float32) for name, value in total.items()}
    return {**averaged, "inverse": inverse}


def covering_crops(coord: np.ndarray, crop_voxels: int, visits: np.ndarray) -> Iterator[np.ndarray]:
    """Yield crops around the first point not yet visited until every point is; counts the visits in place."""
    while not visits.all():
        crop = nearest_to(coord, int(visits.argmin()), crop_voxels)
        visits[crop] += 1
        yield crop
