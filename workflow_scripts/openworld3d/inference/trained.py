"""A run's trained network as inference asks it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import torch

from openworld3d.inference.crops import Bounds
from openworld3d.inference.model import Model
from openworld3d.networks.build import build_network
from openworld3d.networks.weights import load_weights
from openworld3d.plugins import load


class Trained(NamedTuple):
    """A model, the bounds of its crops, the class of each column of its logits, and the unknown classes."""

    model: Model
    bounds: Bounds
    columns: list[str]
    unknown: list[str]


def load_trained(weights: Path, asked: dict[str, Any]) -> Trained:
    """Return the network of a run's weights, in evaluation mode, on a card where there is one.

    asked: `inference_voxels`, `inference_pairs` and of the `recipe` its kind and what inference asks of it.
    """
    state, config = load_weights(weights)
    backbone, columns, unknown = config["backbone"], config["columns"], config["unknown"]
    trained_by = load("recipes", config["recipe"]["kind"])
    network = build_network(backbone, config["in_channels"], len(columns), trained_by, config["recipe"])
    network.load_state_dict(state)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network.to(device).eval()
    unknown_columns = [column for column, name in enumerate(columns) if name in unknown]
    recipe = {**config["recipe"], **asked["recipe"], "unknown_columns": unknown_columns}
    recipe_module = load("recipes", recipe["kind"])
    model = Model(network, recipe_module, recipe, backbone["grid_size"], backbone["appearance_range"], device)
    return Trained(model, Bounds(asked["inference_voxels"], asked["inference_pairs"]), columns, unknown)
