from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from openworld3d.voxel import nearest_to, pick_points, voxelise

COORDS = arrays(np.float32, st.tuples(st.integers(1, 40), st.just(3)), elements=st.floats(-50, 50, width=32))


def test_voxels_by_hand() -> None:
    coord = np.array([[1.0, 1, 1], [1.29, 1, 1], [1.31, 1, 1], [1, 1.9, 1], [1.0, 1, 1]], np.float32)
    assert voxelise(coord, 0.3).tolist() == [0, 0, 2, 1, 0]


@given(COORDS)
def test_points_share_a_voxel_when_they_share_a_cell(coord: np.ndarray) -> None:
    voxel = voxelise(coord, 0.7)
    cell = np.floor((coord.astype(np.float64) - coord.min(0)) / 0.7)
    same_cell = (cell[:, None] == cell).all(2)
    assert np.array_equal(voxel[:, None] == voxel, same_cell)
    assert sorted(set(voxel.tolist())) == list(range(voxel.max() + 1))


@given(COORDS, st.integers(0, 99))
def test_one_point_of_each_voxel_is_picked(coord: np.ndarray, seed: int) -> None:
    voxel = voxelise(coord, 0.7)
    picked = pick_points(voxel, np.random.default_rng(seed))
    assert voxel[picked].tolist() == list(range(voxel.max() + 1))


def test_nearest_by_hand() -> None:
    coord = np.array([[0, 0, 0], [9, 0, 0], [1, 0, 0], [8, 0, 0]], np.float32)
    assert nearest_to(coord, 1, 2).tolist() == [1, 3]
    assert nearest_to(coord, 1, 9).tolist() == [0, 1, 2, 3]
