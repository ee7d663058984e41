from __future__ import annotations

import math
from dataclasses import fields
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openworld3d.errors import UserError
from openworld3d.metrics.histograms import Counts, ordered
from openworld3d.metrics.measures import Evaluation
from openworld3d.metrics.objects import Qualities
from openworld3d.metrics.statistics import UNIT, Points, Statistics, load, merge, of_no_scene, of_scene, save
from openworld3d.metrics.table import measured
from openworld3d.scenes.scene import VOID

CLASSES = ["wall", "sofa", "lamp"]
KNOWN = [0, 2]


class Point(NamedTuple):
    scene: int
    label: int
    prediction: int
    score: float


POINT = st.builds(
    Point, st.integers(0, 3), st.sampled_from([0, 1, 2, VOID]), st.sampled_from([0, 2]), st.integers(-4, 4)
)


def made(name: str, points: list[Point], bits: int = 32, threshold: float = 0.5) -> Statistics:
    columns = np.array([point[1:] for point in points], np.float64).reshape(-1, 3)
    label, prediction = columns[:, 0].astype(np.uint8), columns[:, 1].astype(np.uint8)
    score = columns[:, 2].astype(np.float32)
    return of_scene(name, CLASSES, KNOWN, Points(label, prediction, score, -score), bits, threshold)


def equal(one: Statistics, other: Statistics) -> None:
    for field in fields(Statistics):
        for mine, theirs in zip(np.atleast_1d(getattr(one, field.name)), np.atleast_1d(getattr(other, field.name))):
            np.testing.assert_array_equal(mine, theirs, err_msg=field.name)


def test_scene_by_hand() -> None:
    points = [
        Point(0, 2, 0, 0.25),
        Point(0, 0, 0, 3),
        Point(0, VOID, 2, 99),
        Point(0, 0, 2, -1),
        Point(0, 2, 2, 0.5),
        Point(0, 1, 0, 0.5),
    ]
    result = made("room", points)
    assert result.score.group.tolist() == [0, 0, 1, 2, 2]
    assert result.score.bin.tolist() == ordered(np.array([-1, 3, 0.5, 0.25, 0.5], np.float32)).tolist()
    assert result.score.points.tolist() == [1] * 5
    assert result.class_points().tolist() == [[2, 1, 2]]
    assert result.confusion.tolist() == [[[1, 0, 1], [1, 0, 0], [1, 0, 1]]]
    assert result.unflagged.tolist() == [[[0, 0, 1], [1, 0, 0], [1, 0, 1]]]  # 3 is above the threshold, 0.5 is not
    assert result.confidence.group.tolist() == [0, 0, 1, 1]  # two wrong ones, two right ones; the sofa is not known
    assert result.calibration.sum(axis=1)[0, :2].tolist() == [4, 2]
    confidence = [1 / (1 + np.exp(score)) for score in (0.25, 3, -1, 0.5)]
    assert result.calibration.sum(axis=1)[0, 2] / UNIT == pytest.approx(sum(confidence), abs=1e-8)
    steps = np.bincount((np.array(confidence) * 15).astype(int), minlength=15)
    assert result.calibration[0, :, 0].tolist() == steps.tolist()


def test_prediction_of_none_is_in_no_confusion_and_has_no_confidence() -> None:
    label = np.array([0, 1, 1], np.uint8)
    points = Points(label, np.full(3, VOID, np.uint8), np.array([1, 2, 3], np.float32))
    statistics = of_scene("a", CLASSES, [], points, 16, float("nan"))
    assert statistics.class_points().tolist() == [[1, 2, 0]]
    assert statistics.confusion.sum() == statistics.unflagged.sum() == statistics.calibration.sum() == 0
    assert len(statistics.confidence.bin) == 0


@settings(deadline=None)
@given(st.lists(POINT, min_size=1, max_size=30), st.randoms(use_true_random=False), st.sampled_from([8, 16, 32]))
def test_any_split_into_jobs_gives_the_same_statistics(points: list[Point], random: object, bits: int) -> None:
    """Points of a scene may be summarised by several jobs, and jobs merged in any order and grouping."""
    whole = [made(f"s{n}", [point for point in points if point.scene == n], bits) for n in range(4)]
    shuffled = list(points)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    jobs = [
        made(f"s{n}", [point for point in shuffled[start : start + 7] if point.scene == n], bits)
        for start in range(0, len(shuffled), 7)
        for n in range(4)
    ]
    random.shuffle(jobs)  # type: ignore[attr-defined]
    middle = len(jobs) // 2
    equal(merge([merge(jobs[:middle]), merge(jobs[middle:])]), merge(whole))


@settings(deadline=None)
@given(st.lists(POINT, min_size=1, max_size=30))
def test_pooled_metrics_do_not_depend_on_the_scenes(points: list[Point]) -> None:
    scenes = merge([made(f"s{n}", [point for point in points if point.scene == n]) for n in range(4)])
    one = measured(Evaluation(merge([made("all", points)]), ["sofa"]).of_all())
    for name, value in measured(Evaluation(scenes, ["sofa"]).of_all()).items():
        if not name.endswith("_scenes"):
            np.testing.assert_array_equal(value, one[name], err_msg=name)


def test_threshold_keeps_the_precision_of_the_score() -> None:
    score = 1e8 + np.arange(4) / 100
    points = Points(np.zeros(4, np.uint8), np.zeros(4, np.uint8), score)
    assert of_scene("hall", CLASSES, KNOWN, points, 32, score[2]).unflagged[0, 0, 0] == 3
    points.score = np.array([0.1, 0.2], np.float32)[[0, 0, 1, 1]]
    assert of_scene("hall", CLASSES, KNOWN, points, 32, 0.1).unflagged[0, 0, 0] == 2


def test_objects_of_scenes_add_up_and_are_in_the_file(tmp_path: Path) -> None:
    def seen(name: str, *objects: int) -> Statistics:
        points = Points(np.zeros(1, np.uint8), np.zeros(1, np.uint8), np.zeros(1, np.float32))
        return of_scene(name, CLASSES, KNOWN, points, 16, math.nan, np.array(objects), 0.25)

    shards = [seen("hall", 7, 1, 2, 3), of_no_scene(CLASSES, 16, math.nan, 0.25), seen("attic", 5, 1, 0, 0)]
    save(tmp_path / "all.npz", merge([*shards, seen("hall", 1, 1, 1, 1)]))
    merged = load(tmp_path / "all.npz")
    assert dict(zip(merged.scenes, merged.objects.tolist())) == {"attic": [5, 1, 0, 0], "hall": [8, 2, 3, 4]}
    assert merged.object_threshold == 0.25
    assert Evaluation(merged, ["sofa"]).of_draws(np.array([[1, 1], [3, 0]])).objects.tolist() == [
        [13, 3, 3, 4],
        [15, 3, 0, 0],
    ]


def test_without_instances_the_object_level_is_not_defined() -> None:
    found = measured(Evaluation(made("room", [Point(0, 1, 0, 1), Point(0, 0, 0, 2)]), ["sofa"]).of_all())
    assert {name for name, value in found.items() if name.startswith("object_") and np.isnan(value).all()} == {
        f"object_{name}" for name in Qualities._fields
    }


def test_file_holds_everything_and_is_the_same_bytes_twice(tmp_path: Path) -> None:
    statistics = merge([made("a", [Point(0, 0, 0, 1), Point(0, 1, 0, 2)]), made("b", [Point(0, VOID, 0, 1)])])
    for name in ("first.npz", "second.npz"):
        save(tmp_path / name, statistics)
    read = load(tmp_path / "first.npz")
    assert isinstance(read.score, Counts)
    equal(read, statistics)
    assert (tmp_path / "first.npz").read_bytes() == (tmp_path / "second.npz").read_bytes()


@pytest.mark.parametrize("other", ["classes", "bits", "threshold", "object_threshold"])
def test_statistics_of_another_kind_are_not_merged(other: str) -> None:
    changed = made("kitchen", [Point(0, 0, 0, 1)])
    setattr(changed, other, {"classes": np.array(["wall"]), "bits": np.array(8)}.get(other, np.float32(3)))
    with pytest.raises(UserError, match="statistics of kitchen differ in classes, bits or thresholds from"):
        merge([made("room", [Point(0, 0, 0, 1)]), changed])


def test_threshold_of_none_equals_itself() -> None:
    parts = [made(name, [Point(0, 0, 0, 1)], threshold=float("nan")) for name in ("a", "b")]
    assert merge(parts).scenes.tolist() == ["a", "b"]


def test_ends_of_bins_by_hand() -> None:
    """A bin is sign and exponent here: 0.5 to 1, 1 to 2; the second room adds another score to the latter."""
    first = made("one", [Point(0, 0, 0, score) for score in (0.5, 0.75, 1.5, 1.5, -0.0)], bits=9)
    second = made("two", [Point(0, 1, 0, score) for score in (0.0, 1.25)], bits=9)
    assert [part.tolist() for part in first.ends[1:]] == [[0, 0.5, 1.5], [0, 0.75, 1.5]]
    assert first.ends.tied.tolist() == first.ends.bin[[0, 2]].tolist()
    both = merge([first, second]).ends
    assert [part.tolist() for part in both[1:]] == [[0, 0.5, 1.25], [0, 0.75, 1.5]]
    assert both.tied.tolist() == both.bin[:1].tolist()


@given(st.lists(POINT, min_size=1, max_size=30))
def test_draws_of_few_scores_have_no_bounds(points: list[Point]) -> None:
    scenes = sorted({point.scene for point in points})
    parts = [made(str(scene), [point for point in points if point.scene == scene], bits=16) for scene in scenes]
    evaluation = Evaluation(merge(parts), ["sofa"])
    for low, value, high in evaluation.of_draws(np.eye(len(scenes), dtype=np.int64)).ranking.values():
        np.testing.assert_allclose(low, value, atol=1e-9)
        np.testing.assert_allclose(high, value, atol=1e-9)
