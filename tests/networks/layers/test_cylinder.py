from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openworld3d.networks.layers.cylinder import Partition, cylindrical, majority, occupied, point_features
from openworld3d.protocols.protocol import IGNORED

# Steps of 10 m, a quarter turn and 2 m.
COARSE = Partition((6, 5, 4), (0, -np.pi, -4), (50, np.pi, 2))
QUARTER = np.pi / 2


@pytest.mark.parametrize(
    ("coord", "place"),
    [
        ((3, 4, 1), (5, np.arctan2(4, 3), 1)),
        ((0, -2, 0), (2, -QUARTER, 0)),
        ((-1, 0, -3), (1, np.pi, -3)),
        ((0, 0, 0), (0, 0, 0)),
    ],
)
def test_place_in_the_cylinder_by_hand(coord: tuple[float, ...], place: tuple[float, ...]) -> None:
    assert cylindrical(np.array([coord], np.float32)) == pytest.approx(np.array([place]))


@pytest.mark.parametrize(
    ("place", "cell", "center"),
    [
        ((5, 0.1, 1), (0, 2, 2), (5, QUARTER / 2, 1)),
        ((10, -np.pi, -4), (1, 0, 0), (15, -1.5 * QUARTER, -3)),
        ((50, np.pi, 2), (5, 4, 3), (55, 2.5 * QUARTER, 3)),
        ((49.9, 3.1, 1.9), (4, 3, 2), (45, 1.5 * QUARTER, 1)),
        ((200, 0.1, 30), (5, 2, 3), (55, QUARTER / 2, 3)),
        ((1, 0.1, -30), (0, 2, 0), (5, QUARTER / 2, -3)),
    ],
)
def test_cell_of_a_place_by_hand(place: tuple[float, ...], cell: tuple[int, ...], center: tuple[float, ...]) -> None:
    found = COARSE.cell(np.array([place]))
    assert found.tolist() == [list(cell)]
    assert COARSE.center(found) == pytest.approx(np.array([center]))


def test_features_are_offset_place_and_x_and_y() -> None:
    features, cell = point_features(np.array([[3, 4, 1]], np.float32), COARSE)
    angle = np.arctan2(4, 3)
    assert cell.tolist() == [[0, 2, 2]]
    assert features.dtype == np.float32
    assert features == pytest.approx(np.array([[0, angle - QUARTER / 2, 0, 5, angle, 1, 3, 4]]), abs=1e-6)


coordinate = st.floats(-100, 100, width=32)


@given(st.lists(st.tuples(coordinate, coordinate, coordinate), min_size=1, max_size=30))
def test_every_point_has_a_cell_and_is_in_it_unless_it_is_beyond_the_ends(points: list[tuple[float, ...]]) -> None:
    coord = np.array(points, np.float32)
    features, cell = point_features(coord, COARSE)
    assert (cell >= 0).all()
    assert (cell < COARSE.cells).all()
    place = cylindrical(coord)
    inside = ((place >= COARSE.lower) & (place <= COARSE.upper)).all(1)
    assert (np.abs(features[inside, :3]) <= COARSE.step / 2 + 1e-5).all()


def test_occupied_cells_of_two_clouds_are_not_shared() -> None:
    cell = np.array([[1, 0, 0], [0, 2, 1], [1, 0, 0], [1, 0, 0]])
    voxel, row, first = occupied(np.array([0, 0, 0, 1]), cell)
    assert voxel.tolist() == [[0, 0, 2, 1], [0, 1, 0, 0], [1, 1, 0, 0]]
    assert row.tolist() == [1, 0, 1, 2]
    assert first.tolist() == [1, 0, 3]
    assert (voxel.dtype, row.dtype) == (np.int32, np.int64)


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ([4, 4, 2], 4),
        ([4, 2], 2),  # of equally frequent ones the lowest
        ([0, IGNORED], IGNORED),  # no label comes before any
        ([0, IGNORED, 0], 0),
        ([IGNORED], IGNORED),
    ],
)
def test_target_of_a_cell_is_the_most_frequent_of_its_points(target: list[int], expected: int) -> None:
    others = [7, IGNORED, 1]
    row = np.array([0, *[2] * len(target), 1, 0])
    found = majority(row, np.array([others[0], *target, others[1], others[0]]))
    assert found.tolist() == [7, IGNORED, expected]
    assert found.dtype == np.int64
