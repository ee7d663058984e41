from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openworld3d.protocols.counted import Counting, counted_points

STU = Counting((2.5, 50), 5)
# Distance from the sensor in metres, and void, known or unknown.
POINTS = st.lists(st.tuples(st.floats(0, 100, width=32), st.sampled_from("vku")), max_size=30)


def scene(*points: tuple[float, str]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return coord, void and unknown of points on a line through the sensor and (2, 1, 2)."""
    distance = np.array([point[0] for point in points], np.float32)
    kind = np.array([point[1] for point in points], "U1")
    return distance[:, None] * np.array([2, 1, 2], np.float32) / 3, kind == "v", kind == "u"


def axis(*points: tuple[float, str]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return coord, void and unknown of points below the sensor, whose distances no rounding changes."""
    coord, void, unknown = scene(*points)
    coord[:] = [[0, 0, -distance] for distance, _ in points]
    return coord, void, unknown


def test_void_points_do_not_count() -> None:
    assert counted_points(*axis((3, "v"), (3, "k"), (3, "u")), Counting()) == pytest.approx([False, True, True])


def test_both_ends_of_the_range_count() -> None:
    below, above = np.nextafter(np.array([2.5, 50], np.float32), np.array([0, 100], np.float32))
    points = axis((below, "k"), (2.5, "k"), (2.5, "v"), (50, "k"), (above, "k"), (0, "k"))
    found = counted_points(*points, Counting((2.5, 50)))
    assert found is not None
    assert found.tolist() == [False, True, False, True, False, False]


def test_distance_is_that_in_space() -> None:
    coord = np.array([[30, 40, 0], [30, 40, 1], [2, 1, 1], [2, 1, 1.2]], np.float32)
    none = np.zeros(4, bool)
    found = counted_points(coord, none, none, Counting((2.5, 50)))
    assert found is not None
    assert found.tolist() == [True, False, False, True]


@pytest.mark.parametrize(
    ("unknown", "elsewhere", "counts"), [(5, 0, True), (4, 0, False), (4, 9, False), (0, 0, False)]
)
def test_unknown_points_are_those_within_the_range(unknown: int, elsewhere: int, counts: bool) -> None:
    points = axis(*[(10, "u")] * unknown, *[(60, "u")] * elsewhere, (10, "k"), (1, "u"))
    assert (counted_points(*points, STU) is not None) == counts


def test_without_a_least_number_every_scene_counts() -> None:
    assert counted_points(*axis((10, "k")), Counting((2.5, 50))) is not None


@given(POINTS, st.integers(0, 6))
def test_is_what_the_devkit_does(points: list[tuple[float, str]], fewest: int) -> None:
    """compute_point_level_ood.py of STU: norms of float32, what is beyond the range is left out like void."""
    coord, void, unknown = scene(*points)
    norm = np.linalg.norm(coord, axis=-1)
    keep = ~(void | (norm > 50) | (norm < 2.5))
    found = counted_points(coord, void, unknown, Counting((2.5, 50), fewest))
    if unknown[keep].sum() < fewest:
        assert found is None
    else:
        np.testing.assert_array_equal(found, keep)
