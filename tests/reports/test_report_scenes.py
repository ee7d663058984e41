from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from openworld3d.reports.report_scenes import (
    BYTES,
    COORDINATE_LEVELS,
    FEWEST_POINTS,
    POINTS,
    Blob,
    chosen_scenes,
    pack_coordinates,
    points_of_each,
    sample,
)


@pytest.mark.parametrize(
    ("aupr", "expected"),
    [
        ({"a": 0.2, "b": 0.9, "c": 0.5, "d": 0.4}, {"b": "best", "d": "median", "a": "worst"}),
        ({"a": 0.2, "b": None, "c": 0.5}, {"c": "best", "a": "worst"}),
        ({"a": 0.2, "b": None}, {"a": "only"}),
        ({"b": None, "a": None}, {"a": "only", "b": "only"}),
    ],
)
def test_scenes_are_chosen_by_aupr(aupr: dict[str, Any], expected: dict[str, str]) -> None:
    assert chosen_scenes({name: {"aupr": value} for name, value in aupr.items()}) == expected


@pytest.mark.parametrize(("unknown", "kept"), [(10, 10), (500, 100), (5000, 150)])
def test_sample_keeps_the_unknown_up_to_a_third(unknown: int, kept: int) -> None:
    is_unknown = np.arange(10_000) < unknown
    chosen = sample(is_unknown, 300)
    assert len(chosen) == len(set(chosen.tolist())) == 300
    assert is_unknown[chosen].sum() == kept


def test_few_points_are_all_kept() -> None:
    assert sample(np.zeros(5, bool), 300).tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(("scenes", "methods"), [(3, 22), (12, 100), (12, 1000)])
def test_page_of_many_methods_stays_small(scenes: int, methods: int) -> None:
    points = points_of_each(scenes, methods)
    assert FEWEST_POINTS <= points <= POINTS
    assert points == FEWEST_POINTS or points * scenes * (10 + 2 * methods) <= BYTES


def test_coordinates_are_kept_to_a_step() -> None:
    coord = np.random.default_rng(0).random((50, 3)).astype(np.float32) * [40, 30, 3] - 7
    blob = Blob()
    blob.add(np.zeros(3, np.uint8))
    packed = pack_coordinates(coord, blob)
    assert packed["coord"] % 2 == 0
    steps = np.frombuffer(blob.bytes(), "<u2", coord.size, packed["coord"]).reshape(coord.shape)
    step = packed["side"] / COORDINATE_LEVELS
    np.testing.assert_allclose(steps * step, coord - coord.min(axis=0), atol=step)


@pytest.mark.parametrize(("of_ceiling", "cut"), [(2, 1), (50, 0.9)])
def test_ceiling_that_hides_the_rest_is_cut(of_ceiling: int, cut: float) -> None:
    coord = np.zeros((100, 3), np.float32)
    coord[:of_ceiling, 2] = 3
    coord[:, 0] = np.arange(100)
    assert pack_coordinates(coord, Blob())["cut"] == cut
