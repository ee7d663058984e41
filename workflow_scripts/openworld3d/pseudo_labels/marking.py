"""Mark the points of a training batch to take for unknown, and count how many marks are right."""

from __future__ import annotations

from typing import Any, Callable, Sequence

import numpy as np

from openworld3d.networks.inputs import Batch
from openworld3d.networks.layers.geometry import clouds

# coord (N, 3) float32, logits (N, K) float32, target (N,) int64 and unknown (N,) bool of one cloud, a generator, and
# what `Prepare` returned or None -> (N,) bool.
Mark = Callable[..., np.ndarray]
Prepare = Callable[[np.ndarray, np.random.Generator], Any]

DRAWS = 1  # so that marking draws other numbers than what the cloud was augmented with


def prepare_clouds(
    prepare: Prepare, coord: np.ndarray, offset: np.ndarray, keys: Sequence[Sequence[int]]
) -> list[Any]:
    """Return what marking needs of each cloud's coordinates alone: coord (N, 3), offset (B,)."""
    return [prepare(coord[part], draws_of(key)) for part, key in zip(clouds(offset), keys)]


def draws_of(key: Sequence[int]) -> np.random.Generator:
    """Return the generator that marking a cloud draws from, of which preparing it draws the first numbers."""
    return np.random.default_rng([*key, DRAWS])


def mark_batch(logits: np.ndarray, batch: Batch, mark: Mark) -> np.ndarray:
    """Return which points of a batch to take for unknown, cloud by cloud: logits (N, K) float32 -> (N,) bool.

    Each cloud's draws depend on the training's seed, the epoch and the scene, not on what else the batch holds.
    """
    target, mask = batch.target.cpu().numpy(), np.zeros(len(logits), bool)
    for part, key, prepared in zip(clouds(batch.offset), batch.keys, batch.prepared):
        of_cloud = batch.coord[part], logits[part], target[part], batch.unknown[part]
        mask[part] = mark(*of_cloud, draws_of(key), prepared)
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
