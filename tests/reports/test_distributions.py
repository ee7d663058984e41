from __future__ import annotations

import math

import numpy as np
import pytest

from openworld3d.metrics.statistics import Points, of_scene
from openworld3d.reports.curves import sides_of
from openworld3d.reports.distributions import COLUMNS, LEVELS, QUANTILES, Distribution, taken_for_unknown, unknown_as

CLASSES = ["wall", "lamp", "sofa", "desk"]
LABEL = np.array([0] * 6 + [1] * 2 + [2] * 4, np.uint8)
PREDICTION = np.array([0] * 6 + [1] * 2 + [0, 0, 0, 1], np.uint8)
SCORE = np.array([0, 1, 2, 3, 4, 12, 9, 10, 8, 11, 12, 13], np.float32)
STATISTICS = of_scene("hall", CLASSES, [0, 1, 3], Points(LABEL, PREDICTION, SCORE), 32, float("nan"))
SIDES = sides_of(STATISTICS, ["sofa"])


def test_classes_that_are_flagged_where_95_percent_are_recalled() -> None:
    """All sofas are recalled from 8 on, which flags one of six walls and both lamps."""
    found = taken_for_unknown(STATISTICS, SIDES)
    assert found["of_flagged"] == pytest.approx({"wall": 1 / 3, "lamp": 2 / 3}, abs=1e-4)
    assert found["of_class"] == pytest.approx({"wall": 1 / 6, "lamp": 1.0}, abs=1e-4)


def test_what_unknown_points_are_predicted_as() -> None:
    assert unknown_as(STATISTICS, SIDES) == {"wall": 0.75, "lamp": 0.25}


def test_histogram_holds_every_point_of_each_side() -> None:
    found = Distribution(STATISTICS, SIDES).histogram()
    assert found["ends"] == pytest.approx([0, 13], abs=0.01)
    for side in ("known", "unknown"):
        assert len(found[side]) == COLUMNS
        assert sum(found[side]) == pytest.approx(1, abs=0.01)
    unknown = np.array(found["unknown"])
    assert unknown[: int(COLUMNS * 7.5 / 13)].sum() == 0


def test_quantiles_of_a_class_are_those_of_its_points_and_none_without_points() -> None:
    wall, lamp, sofa, desk = Distribution(STATISTICS, SIDES).classes()
    assert desk is None
    assert lamp is not None
    assert sofa is not None
    assert wall is not None
    assert len(wall) == len(QUANTILES)
    assert wall == sorted(wall)
    assert 8 <= sofa[0] <= sofa[-1] <= 13.001


def test_levels_are_logarithms_of_the_share_of_known_points_that_score_higher() -> None:
    distribution = Distribution(STATISTICS, SIDES)
    level = dict(zip(distribution.low.tolist(), distribution.levels().tolist()))
    assert level[0.0] == int(LEVELS * -math.log10(7.5 / 8) / 3)  # of eight known points one is equal
    assert level[8.0] == int(LEVELS * -math.log10(3 / 8) / 3)
    assert level[13.0] == LEVELS - 1
    scores = distribution.scores_of_levels()
    assert len(scores) == LEVELS
    assert scores == sorted(scores)
