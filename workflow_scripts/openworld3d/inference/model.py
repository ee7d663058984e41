"""From a scene to the network's outputs on every point, averaged over its visits."""

from __future__ import annotations

from types import ModuleType
from typing import Any, Mapping, NamedTuple, Sequence

import numpy as np
import torch

from openworld3d.inference.averaging import Means
from openworld3d.inference.coverage import output_rows, showings
from openworld3d.inference.crops import Bounds, covering_crops
from openworld3d.networks.backbone import Backbone
from openworld3d.networks.inputs import evaluation_cloud
from openworld3d.scenes.scene import Scene

SEED = 0


class Model(NamedTuple):
    """A trained network, how its recipe asks it, how scenes are shown to it, and where it runs."""

    network: Backbone
    recipe_module: ModuleType
    recipe: Mapping[str, Any]
    voxel_size: float
    appearance_range: Sequence[float]
    device: torch.device


def infer_scene(model: Model, scene: Scene, coverage: str, bounds: Bounds) -> dict[str, np.ndarray]:
    """Return the recipe's outputs, (R, C) float32 each: a row per voxel where coverage is `single`, else per point.

    Beside them `inverse` (N,) int32, the row of each point; `visits` (R,) int32, over how many visits a row is
    averaged; and `halved_crops` () int64, how many crops had more attention pairs than the bounds allow. All that is
    random is drawn from a fixed seed: the crops from 0, and what the recipe draws in a crop from the crop's number.
    """
    generator = np.random.default_rng(SEED)
    recipe_generator = torch.Generator(model.device)
    crops = 0
    row = output_rows(scene, model.voxel_size, coverage)
    means = Means(int(row.max()) + 1)
    halved = 0
    for shown, picked in showings(scene, model.voxel_size, coverage, generator):
        for crop in covering_crops(model.network, shown.coord[picked], bounds, generator):
            point = picked[crop.points]
            cloud = evaluation_cloud(shown, point, model.appearance_range)
            feature, geometry = torch.from_numpy(cloud.feature).to(model.device), crop.geometry.to(model.device)
            recipe_generator.manual_seed(crops)
            with torch.no_grad():
                outputs = model.recipe_module.outputs(
                    model.network, feature, geometry, model.recipe, recipe_generator
                )
            means.add(row[point], {name: value.cpu().numpy() for name, value in outputs.items()})
            halved += crop.halved
            crops += 1
    return {**means.result(), "inverse": row, "visits": means.visits, "halved_crops": np.array(halved)}


def picked_points(model: Model, scene: Scene) -> np.ndarray:
    """Return which of its points each voxel is shown as by `infer_scene` where coverage is `single`: (R,) int64."""
    _, picked = next(showings(scene, model.voxel_size, "single", np.random.default_rng(SEED)))
    return picked
