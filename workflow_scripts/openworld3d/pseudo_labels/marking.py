"""Mark the points of a training batch to take for unknown, and count how many marks are right."""

from __future__ import annotations

from typing import Callable

import numpy as np

from openworld3d.networks.inputs import Batch
from openworld3d.networks.layers.geometry import clouds

# coord (N, 3) float32, logits (N, K) float32, target (N,) int64 and unknown (N,) bool of one cloud -> (N,) bool.
Mark = Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.random.Generator], np.ndarray]

DRAWS = 1  # so that marking draws other numbers than what the cloud was augmented with


def mark_batch(logits: np.ndarray, batch: Batch, mark: Mark) -> np.ndarray:
    """Return which points of a batch to take for unknown, cloud by cloud: logits (N, K) float32 -> (N,) bool.

    Each cloud's draws depend on the training's seed, the epoch and the scene, not on what else the batch holds.
    """
    target, mask = batch.target.cpu().numpy(), np.zeros(len(logits), bool)
    for part, key in zip(clouds(batch.offset), batch.keys):
        generator = np.random.default_rng([*key, DRAWS])
        mask[part] = mark(batch.coord[part], logits[part], target[part], batch.unknown[part], generator)
    return mask


def count_found(mask: np.ndarray, held_out: np.ndarray) -> np.ndarray:
    """Count the held-out points that are marked, all that are marked, and all that are held out: (N,) bool, twice.

    (3,) int64, which add up over clouds.
    """
    return np.array([np.count_nonzero(part) for part in (mask & held_out, mask, held_out)], np.int64)


def precision_and_recall(found: np.ndarray) -> tuple[float, float]:
    """Return the share of marked points that is held out, and of held-out points that is marked, NaN where none are.

    found (3,), a sum of `count_found`. For information: nothing learns from it.
    """
    right, marked, held_out = found.tolist()
    return right / marked if marked else float("nan"), right / held_out if held_out else float("nan")
