from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from openworld3d.errors import UserError
from openworld3d.networks.inputs import appearance, evaluation_cloud, input_channels, place
from openworld3d.scenes.scene import Scene

RANGE = [-2, 2]


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


def test_normals_stand_between_colour_and_place_where_a_network_sees_them() -> None:
    coord = np.array([[0, 0, 0], [1, 2, 3]], np.float32)
    bare = Scene(coord, np.zeros(2, np.uint8), np.zeros(2, np.int32), color=np.full((2, 3), 255, np.uint8))
    scene = replace(bare, normal=np.array([[0, 0, 1], [0.6, 0.8, 0]], np.float32))
    cloud = evaluation_cloud(scene, np.array([1, 0]), [-1, 1], True)
    assert cloud.feature[0].tolist() == pytest.approx([1, 1, 1, 0.6, 0.8, 0, 1, 2, 3])
    assert evaluation_cloud(scene, np.array([1]), [-1, 1]).feature.shape == (1, 6)
    assert [input_channels(scene, wanted) for wanted in (False, True)] == [6, 9]
    with pytest.raises(UserError, match="a scene has no normals, which the backbone sees; give the dataset normals"):
        input_channels(bare, True)
