"""A trained network: loaded from a run's weights, and run over whole scenes."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple, Sequence

import numpy as np
import torch

from openworld3d.inference.config import InferenceConfig
from openworld3d.inference.coverage import output_rows, showings
from openworld3d.inference.crops import Bounds, covering_crops
from openworld3d.networks.averaging import Means
from openworld3d.networks.backbone import Backbone
from openworld3d.networks.build import build_network
from openworld3d.networks.inputs import evaluation_cloud
from openworld3d.networks.weights import load_weights
from openworld3d.recipes import Recipe, make_recipe
from openworld3d.scenes.scene import Scene

SEED = 0


class Model(NamedTuple):
    """A trained network, the recipe that runs it, how scenes are prepared for it, and where it runs."""

    network: Backbone
    recipe: Recipe
    voxel_size: float
    appearance_range: Sequence[float]
    device: torch.device
    with_normals: bool = False


class Trained(NamedTuple):
    """A model, the bounds of its crops, the class of each trained column of its logits, and the unknown classes."""

    model: Model
    bounds: Bounds
    columns: list[str]
    unknown: list[str]


def load_trained(weights: Path, config: InferenceConfig) -> Trained:
    """Return the network of a run's weights, in evaluation mode, on a GPU where there is one."""
    state, run = load_weights(weights)
    backbone, columns, unknown = run["backbone"], run["columns"], run["unknown"]
    trained_by = make_recipe(run["recipe"])
    classes = len(columns) - len(trained_by.taught)
    network = build_network(backbone, run["in_channels"], classes, trained_by.adapt, run["untaught"])
    network.load_state_dict(state)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network.to(device).eval()
    unknown_columns = [column for column, name in enumerate(columns) if name in unknown]
    recipe = make_recipe({**run["recipe"], **config.recipe}, unknown_columns)
    seen = backbone["grid_size"], backbone["appearance_range"]
    model = Model(network, recipe, *seen, device, backbone.get("normals", False))
    return Trained(model, config.bounds, columns, unknown)


def infer_scene(model: Model, scene: Scene, coverage: str, bounds: Bounds) -> dict[str, np.ndarray]:
    """Return the recipe's outputs, (R, C) float32 each: a row per voxel where coverage is `single`, else per point.

    Beside them `inverse` (N,) int32, the row of each point; `visits` (R,) int32, over how many visits a row is
    averaged; and `halved_crops` () int64, how many crops had more attention pairs than the bounds allow. All random
    numbers have fixed seeds: 0 for the crops, and for the recipe's draws in a crop the crop's number.
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
            cloud = evaluation_cloud(shown, point, model.appearance_range, model.with_normals)
            feature, geometry = torch.from_numpy(cloud.feature).to(model.device), crop.geometry.to(model.device)
            recipe_generator.manual_seed(crops)
            with torch.no_grad():
                outputs = model.recipe.outputs(model.network, feature, geometry, recipe_generator)
            means.add(row[point], of_points(outputs, model.network.sites(geometry)))
            halved += crop.halved
            crops += 1
    return {**means.result(), "inverse": row, "visits": means.visits, "halved_crops": np.array(halved)}


def of_points(outputs: dict[str, torch.Tensor], sites: torch.Tensor | None) -> dict[str, np.ndarray]:
    """Return the outputs of each point, (M, C), of those of the sites that stand for them."""
    found = outputs if sites is None else {name: value[sites] for name, value in outputs.items()}
    return {name: value.cpu().numpy() for name, value in found.items()}


def picked_points(model: Model, scene: Scene) -> np.ndarray:
    """Return the point that `infer_scene` takes from each voxel where coverage is `single`: (R,) int64."""
    _, picked = next(showings(scene, model.voxel_size, "single", np.random.default_rng(SEED)))
    return picked
