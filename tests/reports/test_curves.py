from __future__ import annotations

import numpy as np
import pytest

from openworld3d.metrics.histograms import bin_of
from openworld3d.metrics.statistics import Points, Statistics, merge, of_scene
from openworld3d.reports.curves import GRID, curves, recalling_bin, sides_of

CLASSES = ["wall", "sofa"]


def scene(name: str, label: list[int], score: list[float]) -> Statistics:
    labels, scores = np.array(label, np.uint8), np.array(score, np.float32)
    return of_scene(name, CLASSES, [0], Points(labels, np.zeros_like(labels), scores), 32, float("nan"))


# From the highest score: unknown, known, unknown, known, known.
HALL = scene("hall", [0, 0, 0, 1, 1], [1, 2, 3, 2.5, 4])
SIDES = sides_of(HALL, ["sofa"])


@pytest.mark.parametrize(
    ("curve", "expected"),
    [
        ("pr", {0.0: 1, 0.3: 1, 0.5: 1, 0.51: 2 / 3, 1.0: 2 / 3}),
        ("roc", {0.0: 0.5, 0.2: 0.5, 0.5: 1, 1.0: 1}),
    ],
)
def test_curves_by_hand(curve: str, expected: dict[float, float]) -> None:
    found = dict(zip(GRID.round(2).tolist(), curves(HALL, SIDES)[curve]["value"]))
    assert {at: found[at] for at in expected} == pytest.approx(expected, abs=1e-4)


def test_roc_is_straight_where_scores_are_equal() -> None:
    tied = scene("tied", [0, 1], [1, 1])
    assert curves(tied, SIDES)["roc"]["value"] == pytest.approx(GRID.tolist(), abs=1e-4)


def test_one_scene_has_no_band_and_several_have_one_that_holds_the_curve() -> None:
    assert set(curves(HALL, SIDES)["pr"]) == {"value"}
    both = curves(merge([HALL, scene("cellar", [0, 0, 1, 1], [5, 0, 1, 2])]), SIDES)
    for curve in both.values():
        low, value, high = (np.array(curve[name]) for name in ("low", "value", "high"))
        assert (low <= value).all()
        assert (value <= high).all()
        assert (low < high).any()


@pytest.mark.parametrize(("label", "score", "at"), [([0, 1, 1], [9, 2, 5], 2.0), ([1] * 20, [1, *[3] * 19], 3.0)])
def test_bin_that_recalls_95_percent_is_the_highest_that_does(
    label: list[int], score: list[float], at: float
) -> None:
    assert recalling_bin(scene("hall", label, score), SIDES) == int(bin_of(np.array([at], np.float32), 32)[0])


def test_without_unknown_points_every_score_is_flagged_and_no_curve_defined() -> None:
    walls = scene("hall", [0, 0], [1, 2])
    assert recalling_bin(walls, SIDES) == 0
    assert set(curves(walls, SIDES)["pr"]["value"]) == {None}
