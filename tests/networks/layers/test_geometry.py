from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openworld3d.networks.layers import geometry


def points(seed: int, count: int, extent: float = 1.0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(0, extent, (count, 3)).astype(np.float32)


def line(*x: float) -> np.ndarray:
    return np.array([[value, 0, 0] for value in x], np.float32)


def test_samples_start_at_each_clouds_first_point() -> None:
    one, two = geometry.sample_clouds(line(0, 5, 1, 0, 7, 3), np.array([3, 6]), [lambda n: n // 2, lambda n: n - 1])
    assert [array.tolist() for array in one] == [[0, 3], [1, 2]]
    assert [array.tolist() for array in two] == [[0, 1, 3, 4], [2, 4]]


def test_nearest_stays_in_the_cloud_and_says_what_is_missing() -> None:
    coord, offset = line(0, 1, 0.1), np.array([2, 2, 3])
    distance, index = geometry.nearest(coord, offset, coord, offset, 3)
    assert index.tolist() == [[0, 1, 3], [1, 0, 3], [2, 3, 3]]
    assert distance.tolist() == [[0, 1, np.inf], [0, 1, np.inf], [0, np.inf, np.inf]]


def test_nothing_is_near_where_a_cloud_has_no_points() -> None:
    coord, offset = line(0, 1), np.array([0, 2])
    query, query_offset = line(5, 0.2), np.array([1, 2])
    distance, index = geometry.nearest(coord, offset, query, query_offset, 2)
    assert index.tolist() == [[2, 2], [0, 1]]
    assert distance[0].tolist() == [np.inf, np.inf]
    found, weight = geometry.interpolation(coord, offset, query, query_offset, 2)
    assert np.array_equal(found, index)
    assert weight.tolist() == [[0, 0], pytest.approx([0.8, 0.2])]


@pytest.mark.parametrize(
    ("coarse", "index", "weight"),
    [
        ([0, 3, 4, 9], [0, 1, 2], [6 / 11, 3 / 11, 2 / 11]),  # 1, 2 and 3 away
        ([0, 3], [0, 1, 2], [2 / 3, 1 / 3, 0]),  # and not two thirds of a half and a third of a half
        ([3], [0, 1, 1], [1, 0, 0]),
        ([1, 3, 9], [0, 1, 2], [1, 0, 0]),
    ],
)
def test_interpolation_by_hand(coarse: list[float], index: list[int], weight: list[float]) -> None:
    offset = np.array([len(coarse)])
    found, of_found = geometry.interpolation(line(*coarse), offset, line(1), np.array([1]), 3)
    assert found.tolist() == [index]
    assert of_found[0].tolist() == pytest.approx(weight, abs=1e-6)
    assert of_found.dtype == np.float32


def test_ball_neighbors_by_hand() -> None:
    coord = line(0, 0.5, 1.2, 0.9)
    expected = [[0, 1, 4], [0, 1, 3], [2, 3, 4], [1, 2, 3]]
    assert geometry.ball_neighbors(coord, np.array([4]), 0.6, 9).tolist() == expected
    assert geometry.ball_neighbors(coord, np.array([4]), 0.6, 2)[1].tolist() == [0, 1]
    assert geometry.ball_neighbors(coord, np.array([1, 4]), 0.6, 9)[0].tolist() == [0, 4, 4]


def test_windows_share_the_batchs_origin() -> None:
    window = geometry.window_coordinates(line(1, 2.5, 3, 4), np.array([2, 4]), 1.0, 0.0)
    assert window[:, :2].tolist() == [[0, 0], [0, 1], [1, 2], [1, 3]]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.booleans())
def test_pairs_are_the_papers_key_sets(seed: int, shifted: bool) -> None:
    """K_i = the same small window, and of the sample the same large window but another small one."""
    coord, offset, side = points(seed, 60), np.array([35, 60]), 0.3
    sparse = np.arange(0, 60, 4)
    query, key = geometry.stratified_pairs(coord, offset, sparse, side, shifted)
    small = geometry.window_coordinates(coord, offset, side, side / 2 if shifted else 0)
    large = geometry.window_coordinates(coord, offset, 2 * side, side if shifted else 0)
    expected = {
        (i, j)
        for i in range(60)
        for j in range(60)
        if (small[i] == small[j]).all() or (j in sparse and (large[i] == large[j]).all())
    }
    assert set(zip(query.tolist(), key.tolist())) == expected
    assert len(query) == len(expected)
    assert (np.diff(query) >= 0).all()


def test_rows_are_numbered_alike_where_their_box_overflows() -> None:
    rows = np.random.default_rng(0).integers(0, 3, (50, 4))
    assert np.array_equal(geometry.number_rows(rows), geometry.number_rows(rows * 10**9))
