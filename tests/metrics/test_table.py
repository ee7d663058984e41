"""A metric is one row of the table: everything that names metrics follows from it."""

from __future__ import annotations

import numpy as np
import pytest

from openworld3d.metrics import table
from openworld3d.metrics.bootstrap import Row, best
from openworld3d.metrics.exact import PointRanking
from openworld3d.metrics.measures import Evaluation
from openworld3d.metrics.statistics import Points, merge, of_scene
from openworld3d.metrics.table import LOWER, METRICS, ROWS, Metric, exactly, measured
from openworld3d.reports.printed import notes_of

CLASSES = ["wall", "sofa", "lamp"]


def evaluation() -> Evaluation:
    """Return two scenes of ten points, of which the sofas are unknown."""
    generator = np.random.default_rng(0)
    scenes = []
    for name in ("hall", "attic"):
        label, score = np.arange(10, dtype=np.uint8) % 3, generator.normal(size=10).astype(np.float32)
        scenes.append(of_scene(name, CLASSES, [0, 2], Points(label, label // 2 * 2, score, -score), 32, 0.5))
    return Evaluation(merge(scenes), ["sofa"])


def points() -> PointRanking:
    return PointRanking([(np.array([1, 2, 3, 4], np.float32), np.array([False, True, False, True]))])


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> str:
    """Add a metric, the share of points that are not unknown, and return its name."""

    def known_share(measures: table.Measures) -> np.ndarray:
        return measures.known_points / (measures.known_points + measures.unknown_points)

    monkeypatch.setitem(METRICS, "toy", Metric("toy", "share of known points", LOWER, known_share))
    return "toy"


def test_no_two_rows_have_one_name() -> None:
    assert list(METRICS) == [row.name for row in ROWS]


def test_every_metric_is_low_value_and_high_of_each_draw() -> None:
    draws = np.array([[2, 0], [1, 1], [0, 2]])
    for measures, columns in ((evaluation().of_all(), 1), (evaluation().of_draws(draws), 3)):
        found = measured(measures)
        assert list(found) == list(METRICS)
        for name, value in found.items():
            assert value.shape == (3, columns), name
            assert np.isnan(value).all() or ((value[0] <= value[1]).all() and (value[1] <= value[2]).all()), name


def test_exact_metrics_are_those_that_bins_leave_open() -> None:
    found = exactly(points())
    assert found["auroc"] == 3 / 4
    assert found["lift"] == found["aupr"] / (1 / 2)
    assert "miou_known" not in found
    known_alone = PointRanking([(np.array([1, 2], np.float32), np.zeros(2, bool))])
    assert np.isnan(list(exactly(known_alone).values())).all()


def test_row_is_all_that_a_metric_takes(toy: str) -> None:
    assert measured(evaluation().of_all())[toy][:, 0].tolist() == [14 / 20] * 3
    assert "toy ↓: share of known points." in notes_of([], [], [toy], {"conventions": {}, "counting": {}}, "")
    rows = [Row({}, {toy: value}, {}) for value in (0.5, 0.4)]
    assert best(rows, toy) is rows[1]
