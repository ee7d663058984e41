"""Mark the points of a training batch to take for unknown, and count how many marks are right."""

from __future__ import annotations

from typing import Any, Mapping

import numpy as np

from openworld3d.networks.inputs import Batch
from openworld3d.networks.layers.geometry import clouds
from openworld3d.pseudo_labels.growing import Growing
from openworld3d.pseudo_labels.prototypes import low_confidence_mask, prototype_mask
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


def count_found(mask: np.ndarray, held_out: np.ndarray) -> np.ndarray:
    """Count the held-out points that are marked, all that are marked, and all that are held out: (N,) bool, twice.

    (3,) int64, which add up over clouds.
    """
    return np.array([np.count_nonzero(part) for part in (mask & held_out, mask, held_out)], np.int64)


def precision_and_recall(found: np.ndarray) -> tuple[float, float]:
    """Return which share of the marked points is held out, and of those held out is marked, NaN where there are none.

    found (3,), a sum of `count_found`.
    """
    right, marked, held_out = found.tolist()
    return right / marked if marked else float("nan"), right / held_out if held_out else float("nan")
