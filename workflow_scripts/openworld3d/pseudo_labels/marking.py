"""Which points of a training batch are to be taken for unknown, by the way that a recipe asks for."""

from __future__ import annotations

from typing import Any, Mapping

import numpy as np

from openworld3d.networks.inputs import Batch
from openworld3d.networks.layers.geometry import clouds
from openworld3d.pseudo_labels.growing import Growing
from openworld3d.pseudo_labels.low_confidence import low_confidence_mask
from openworld3d.pseudo_labels.prototypes import prototype_mask
from openworld3d.pseudo_labels.region import region_mask

DRAWS = 1  # so that marking draws other numbers than what the cloud was augmented with


def mark_batch(logits: np.ndarray, batch: Batch, recipe: Mapping[str, Any]) -> np.ndarray:
    """Return which points of a batch to take for unknown: logits (N, K) float32 -> (N,) bool.

    Each cloud's draws depend on the training's seed, the epoch and the scene, not on what else the batch holds.
    """
    target, mask = batch.target.cpu().numpy(), np.zeros(len(logits), bool)
    for part, key in zip(clouds(batch.offset), batch.keys):
        generator = np.random.default_rng([*key, DRAWS])
        mask[part] = mark_cloud(batch.coord[part], logits[part], target[part], batch.unknown[part], recipe, generator)
    return mask


def mark_cloud(
    coord: np.ndarray,
    logits: np.ndarray,
    target: np.ndarray,
    unknown: np.ndarray,
    recipe: Mapping[str, Any],
    generator: np.random.Generator,
) -> np.ndarray:
    """Return which points of a cloud to take for unknown, (N,) bool, as the recipe's `pseudo_labels` says.

    coord (N, 3) float32 in metres, logits (N, K) float32, target (N,) int64, 255 where unlabelled. unknown (N,) bool
    is what no method is told; `oracle` alone, the upper limit of any pseudo labels, reads it.
    """
    way = recipe["pseudo_labels"]
    if way == "region":
        return region_mask(coord, logits, growing_of(recipe), recipe["region_boundary"], generator)
    if way == "low_confidence":
        return low_confidence_mask(logits, recipe["pseudo_threshold"])
    if way == "prototypes":
        return prototype_mask(logits, target, generator)
    return unknown


def growing_of(recipe: Mapping[str, Any]) -> Growing:
    """Return how a recipe's regions grow."""
    return Growing(
        recipe["region_radius"],
        recipe["region_neighbors"],
        recipe["region_beta"],
        recipe["region_seed_share"],
        recipe["region_seeds"],
    )
