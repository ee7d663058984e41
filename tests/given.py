"""Batches and recipes made by hand."""

from __future__ import annotations

from typing import Any, Sequence

import numpy as np
import torch
from torch import Tensor

from openworld3d.networks.inputs import Batch
from openworld3d.recipes import make_recipe, recipe_module


def batch_of(feature: Tensor, target: Tensor | list[int], geometry: Any = None) -> Batch:
    """Return a batch of one cloud whose points lie nowhere and are of no unknown class."""
    points = len(feature)
    return Batch(
        feature=feature,
        geometry=geometry,
        target=torch.as_tensor(target),
        coord=np.zeros((points, 3), np.float32),
        unknown=np.zeros(points, bool),
        offset=np.array([points]),
        keys=[[0]],
        prepared=[None],
        left_out=0,
    )


def recipe_of(kind: str, unknown_columns: Sequence[int] = (), **keys: Any) -> Any:
    """Return a recipe with some keys, defaults for others, and None where there is none."""
    defaults = {name: key.get("default") for name, key in recipe_module(kind).TRAINING_KEYS.items()}
    return make_recipe({"kind": kind, **defaults, **keys}, unknown_columns)
