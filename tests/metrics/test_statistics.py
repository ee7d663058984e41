from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openworld3d.errors import UserError
from openworld3d.metrics.statistics import Statistics, load, merge, of_scene, save
from openworld3d.scene import VOID

CLASSES = ["wall", "sofa", "lamp"]
POINT = st.tuples(st.sampled_from([0, 1, 2, VOID]), st.integers(0, 2), st.integers(-4, 4))
SCENES = st.lists(st.lists(POINT, max_size=12), min_size=1, max_size=4)


def made(name: str, points: list[tuple[int, int, int]]) -> Statistics:
    label, prediction, score = np.array(points, dtype=np.int64).reshape(-1, 3).T
    return of_scene(name, CLASSES, label.astype(np.uint8), prediction.astype(np.uint8), score.astype(np.float32))


def test_scene_by_hand() -> None:
    points = [(2, 0, 7), (0, 0, 3), (VOID, 1, 99), (0, 2, -1), (2, 2, 5), (0, 0, 2)]
    result = made("room", points)
    assert result.sorted_score.tolist() == [-1, 2, 3, 5, 7]
    assert result.class_points.tolist() == [[3, 0, 2]]
    assert result.confusion.tolist() == [[[2, 0, 1], [0, 0, 0], [1, 0, 1]]]
    assert result.pooled(["lamp", "sofa"]).tolist() == [5, 7]


@settings(deadline=None)
@given(SCENES)
def test_merged_scenes_equal_one_scene_of_all_points(scenes: list[list[tuple[int, int, int]]]) -> None:
    merged = merge([made(str(number), points) for number, points in enumerate(scenes)])
    whole = made("whole", [point for points in scenes for point in points])
    for names in (["sofa"], ["wall", "lamp"], CLASSES):
        np.testing.assert_array_equal(merged.pooled(names), whole.pooled(names))
    np.testing.assert_array_equal(merged.confusion.sum(axis=0), whole.confusion[0])
    assert len(merged.sorted_score) == merged.class_points.sum() == merged.confusion.sum()


def test_file_holds_everything_and_is_the_same_bytes_twice(tmp_path: Path) -> None:
    statistics = merge([made("a", [(0, 0, 1), (1, 0, 2)]), made("b", [(VOID, 0, 1)])])
    for name in ("first.npz", "second.npz"):
        save(tmp_path / name, statistics)
    read = load(tmp_path / "first.npz")
    for name, value in vars(statistics).items():
        np.testing.assert_array_equal(getattr(read, name), value)
    assert (tmp_path / "first.npz").read_bytes() == (tmp_path / "second.npz").read_bytes()


def test_point_without_a_prediction_is_in_no_confusion() -> None:
    statistics = made("a", [(0, 255, 1), (1, 0, 2), (1, 255, 3)])
    assert statistics.class_points.tolist() == [[1, 2, 0]]
    assert statistics.sorted_score.tolist() == [1, 2, 3]
    assert statistics.confusion.sum() == statistics.confusion[0, 1, 0] == 1


def test_other_classes_are_not_merged() -> None:
    nothing = np.zeros(0, np.uint8)
    other = of_scene("kitchen", ["wall"], nothing, nothing, nothing)
    with pytest.raises(UserError, match="statistics of kitchen have other classes"):
        merge([made("room", []), other])
