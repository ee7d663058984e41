"""Normals turn with the training cloud that they are of."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.training.test_augmentation import data, room

from openworld3d.training.augmentation import training_cloud


@pytest.mark.parametrize(
    "augmentation",
    [
        {"rotation_degrees": 180},
        {"flip": ["x"]},
        {"flip": ["x", "y"]},
        {"scale": [2, 3], "jitter": 0.1, "shift": 0.1},
    ],
)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_normals_are_turned_and_flipped_and_stay_with_their_point(augmentation: dict[str, Any], seed: int) -> None:
    """Each point lies in the direction of its normal from the origin, a metre away, and does so afterwards."""
    normal = np.random.default_rng(9).normal(size=(60, 3))
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    scene = replace(room(), coord=normal.astype(np.float32), normal=normal.astype(np.float32))
    given = data(**augmentation)
    with_normals = given._replace(config=replace(given.config, with_normals=True))
    cloud = training_cloud(scene, with_normals, 40, np.random.default_rng(seed))
    assert cloud.feature.shape == (40, 9)
    assert np.linalg.norm(cloud.feature[:, 3:6], axis=1) == pytest.approx(np.ones(40), abs=1e-5)
    away = cloud.coord / np.linalg.norm(cloud.coord, axis=1, keepdims=True)
    near = 0.5 if "jitter" in augmentation else 1e-5
    assert np.abs(cloud.feature[:, 3:6] - away).max() < near
    without = training_cloud(scene, given, 40, np.random.default_rng(seed))
    assert np.array_equal(without.feature, np.delete(cloud.feature, [3, 4, 5], 1))
