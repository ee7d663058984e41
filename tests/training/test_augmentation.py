from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.networks.test_inputs import RANGE
from tests.small_run import config_of

from openworld3d.protocols.protocol import make_protocol
from openworld3d.scenes.scene import Scene
from openworld3d.training.augmentation import (
    TrainingData,
    augment_appearance,
    augment_coord,
    class_weights,
    training_cloud,
)

AUGMENTATION = config_of().augmentation


def room(points: int = 60) -> Scene:
    generator = np.random.default_rng(0)
    return Scene(
        coord=generator.uniform(0, 3, (points, 3)).astype(np.float32),
        label=np.arange(points, dtype=np.uint8) % 3,
        instance=np.full(points, -1, np.int32),
        color=generator.integers(0, 256, (points, 3)).astype(np.uint8),
    )


def data(unknown_points: str = "ignore", **recipe: Any) -> TrainingData:
    protocol = make_protocol(["wall", "sofa", "lamp"], ["sofa"])
    return TrainingData([], protocol, np.ones(2, np.float32), config_of(unknown_points, 0, 0.01, **recipe))


def test_class_weights_by_hand() -> None:
    points = {"wall": 900, "sofa": 5, "lamp": 100}
    assert class_weights(points, ["wall", "lamp", "bed"], 0).tolist() == [1, 1, 0]
    # 1/30 and 1/10, of which 900 and 100 points make 40, for 1000 points.
    expected = [1000 / 40 / 30, 1000 / 40 / 10, 0]
    assert class_weights(points, ["wall", "lamp", "bed"], 0.5).tolist() == pytest.approx(expected)


def test_unknown_points_are_ignored_or_removed() -> None:
    ignored = training_cloud(room(), data("ignore"), 100, np.random.default_rng(1))
    assert len(ignored.coord) == 60
    assert np.bincount(ignored.target)[[0, 1, 255]].tolist() == [20, 20, 20]
    removed = training_cloud(room(), data("remove"), 100, np.random.default_rng(1))
    assert np.bincount(removed.target).tolist() == [20, 20]


def test_label_and_colour_stay_with_their_point() -> None:
    scene = room()
    cloud = training_cloud(scene, data(), 25, np.random.default_rng(2))
    assert len(cloud.coord) == 25
    for coord, feature, target in zip(cloud.coord, cloud.feature, cloud.target):
        point = int(np.flatnonzero((scene.coord == coord).all(1))[0])
        assert feature[:3] == pytest.approx(scene.color[point] / 255 * 4 - 2, abs=1e-5)  # type: ignore[index]
        assert feature[3:] == pytest.approx(coord - cloud.coord.min(0))
        assert target == [0, 255, 1][scene.label[point]]


def test_turning_keeps_heights_and_distances() -> None:
    coord = room().coord
    turned = augment_coord(coord, replace(AUGMENTATION, rotation_degrees=180, mirror=True), np.random.default_rng(3))
    assert turned[:, 2] == pytest.approx(coord[:, 2])
    apart = np.linalg.norm(coord[:, None] - coord, axis=2)
    assert np.linalg.norm(turned[:, None] - turned, axis=2) == pytest.approx(apart, abs=1e-4)
    assert not np.allclose(turned, coord)


def test_appearance_is_shifted_within_its_range_or_dropped() -> None:
    seen = np.linspace(-2, 2, 30, dtype=np.float32).reshape(10, 3)
    shifted = augment_appearance(seen, RANGE, replace(AUGMENTATION, appearance_shift=0.3), np.random.default_rng(4))
    assert shifted.min() >= -2
    assert shifted.max() <= 2
    assert not np.allclose(shifted, seen)
    assert not augment_appearance(
        seen, RANGE, replace(AUGMENTATION, drop_appearance=1), np.random.default_rng(4)
    ).any()


def test_shift_stays_in_the_range_of_the_network() -> None:
    shifted = data(appearance_shift=9)
    narrow = shifted._replace(config=replace(shifted.config, appearance_range=[0, 1]))
    whole = training_cloud(room(), narrow, 100, np.random.default_rng(5))
    assert whole.feature[:, :3].min() >= 0
    assert whole.feature[:, :3].max() <= 1
    assert set(np.unique(whole.feature[:, :3])) & {0, 1}
