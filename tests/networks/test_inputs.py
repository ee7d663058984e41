from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from openworld3d.networks.inputs import (
    TrainingData,
    appearance,
    augment_appearance,
    augment_coord,
    class_weights,
    evaluation_cloud,
    place,
    training_cloud,
)
from openworld3d.protocols.protocol import make_protocol
from openworld3d.scenes.scene import Scene

STILL: dict[str, Any] = {
    "rotation_degrees": 0,
    "mirror": False,
    "scale": [1, 1],
    "jitter": 0,
    "appearance_shift": 0,
    "drop_appearance": 0,
}
RANGE = [-2, 2]


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
    return TrainingData([], protocol, unknown_points, {**STILL, **recipe}, 0.01, RANGE, np.ones(2, np.float32), 0)


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
    turned = augment_coord(coord, {**STILL, "rotation_degrees": 180, "mirror": True}, np.random.default_rng(3))
    assert turned[:, 2] == pytest.approx(coord[:, 2])
    apart = np.linalg.norm(coord[:, None] - coord, axis=2)
    assert np.linalg.norm(turned[:, None] - turned, axis=2) == pytest.approx(apart, abs=1e-4)
    assert not np.allclose(turned, coord)


def test_appearance_is_shifted_within_its_range_or_dropped() -> None:
    seen = np.linspace(-2, 2, 30, dtype=np.float32).reshape(10, 3)
    shifted = augment_appearance(seen, RANGE, {**STILL, "appearance_shift": 0.3}, np.random.default_rng(4))
    assert shifted.min() >= -2
    assert shifted.max() <= 2
    assert not np.allclose(shifted, seen)
    assert not augment_appearance(seen, RANGE, {**STILL, "drop_appearance": 1}, np.random.default_rng(4)).any()


@pytest.mark.parametrize(
    ("ends", "expected"), [([0, 1], [0, 0.2, 1]), ([-1, 1], [-1, -0.6, 1]), ([-2, 2], [-2, -1.2, 2])]
)
def test_colour_and_intensity_are_moved_to_the_range(ends: list[float], expected: list[float]) -> None:
    values = np.array([[0, 51, 255]])
    spot: dict[str, Any] = {
        "coord": np.zeros((1, 3), np.float32),
        "label": np.zeros(1, np.uint8),
        "instance": np.zeros(1, np.int32),
    }
    coloured = Scene(**spot, color=values.astype(np.uint8))
    assert appearance(coloured, ends)[0].tolist() == pytest.approx(expected)
    assert evaluation_cloud(coloured, np.array([0]), ends).feature[0, :3].tolist() == pytest.approx(expected)
    for intensity, moved in zip([0, 0.2, 1], expected):
        scan = Scene(**spot, intensity=np.array([intensity], np.float32))
        assert appearance(scan, ends).tolist() == [[pytest.approx(moved)]]


def test_shift_stays_in_the_range_of_the_network() -> None:
    whole = training_cloud(
        room(), data(appearance_shift=9)._replace(appearance_range=[0, 1]), 100, np.random.default_rng(5)
    )
    assert whole.feature[:, :3].min() >= 0
    assert whole.feature[:, :3].max() <= 1
    assert set(np.unique(whole.feature[:, :3])) & {0, 1}


def test_place_around_a_sensor_is_height_and_distance() -> None:
    scan = Scene(np.array([[3, 4, -1.5]], np.float32), np.zeros(1, np.uint8), np.zeros(1, np.int32))
    assert place(replace(scan, origin_is_sensor=True), scan.coord).tolist() == [[-1.5, 0.5]]


def test_place_in_a_scan_of_many_stands_is_counted_from_the_lowest_corner() -> None:
    coord = np.array([[3, 4, -1.5], [5, 3, 0]], np.float32)
    tile = Scene(coord, np.zeros(2, np.uint8), np.zeros(2, np.int32), intensity=np.ones(2, np.float32))
    assert place(tile, tile.coord).tolist() == [[0, 1, 0], [2, 0, 1.5]]


def test_scene_without_colour_and_intensity_looks_alike_everywhere() -> None:
    bare = Scene(np.zeros((2, 3), np.float32), np.zeros(2, np.uint8), np.zeros(2, np.int32))
    assert appearance(bare, [-2, 2]).tolist() == [[-2], [-2]]
