from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from openworld3d.metrics.bootstrap import (
    Row,
    best,
    comparable,
    difference,
    draws,
    holds,
    interval,
    mark,
    replicate,
)


def test_draws_have_as_many_scenes_as_there_are_and_depend_on_their_number_alone() -> None:
    drawn = draws(5, 200)
    assert drawn.shape == (200, 5)
    assert set(drawn.sum(axis=1).tolist()) == {5}
    np.testing.assert_array_equal(drawn, draws(5, 200))
    assert drawn.mean() == pytest.approx(1, abs=0.1)


def test_interval_of_a_mean_is_that_of_the_theory() -> None:
    """Of the mean of 400 independent numbers of deviation 2, 95 % lie within 1.96 * 2 / 20."""
    value = np.random.default_rng(3).normal(0, 2, 400)
    value += 1 - value.mean()
    found = replicate(lambda drawn: {"mean": np.stack([drawn @ value / 400] * 3)}, 400, 2000)["mean"]
    low, high = interval(found[0], found[2])
    assert low == pytest.approx(1 - 1.96 * value.std() / 20, abs=0.02)
    assert high == pytest.approx(1 + 1.96 * value.std() / 20, abs=0.02)


def test_interval_takes_the_outer_bounds() -> None:
    numbers = np.arange(1001.0)
    assert interval(numbers - 1, numbers + 2) == (pytest.approx(24), pytest.approx(977))


def test_replicates_without_the_metric_are_left_out() -> None:
    assert interval(np.array([np.nan, 1, 1]), np.array([np.nan, 2, 2])) == (1, 2)
    assert np.isnan(interval(np.full(3, np.nan), np.full(3, np.nan))).all()


def test_one_scene_has_no_interval() -> None:
    assert np.isnan(replicate(lambda drawn: {"m": np.ones((3, len(drawn)))}, 1, 10)["m"]).all()


SCENES = np.array(["a", "b"])


def row(value: float | None, draws: list[float], metric: str = "auroc", **identity: Any) -> Row:
    replicates = {"scenes": identity.pop("scenes", SCENES), metric: np.stack([np.array(draws)] * 3)}
    return Row(
        {"dataset": "rooms", "protocol": "sofa", "trains_on_unknown": False, **identity}, {metric: value}, replicates
    )


def test_difference_is_paired_by_draw() -> None:
    """Both vary widely with the scenes and their difference does not."""
    draws = np.linspace(0.2, 0.8, 101)
    one, other = row(0.55, list(draws + 0.05)), row(0.5, list(draws))
    assert difference(one, other, "auroc") == (pytest.approx(0.05), pytest.approx(0.05))
    assert holds(difference(one, other, "auroc"))
    assert holds(difference(other, one, "auroc"))


def test_difference_of_what_lies_between_bounds_is_as_wide_as_both() -> None:
    one, other = row(0.5, [0.5, 0.5]), row(0.5, [0.5, 0.5])
    one.replicates["auroc"][[0, 2]] += np.array([[-0.1], [0.2]])
    other.replicates["auroc"][[0, 2]] += np.array([[-0.01], [0.02]])
    assert difference(one, other, "auroc") == (pytest.approx(-0.12), pytest.approx(0.21))


@pytest.mark.parametrize(
    ("between", "expected"),
    [((0.1, 0.2), True), ((-0.2, -0.1), True), ((-0.1, 0.1), False), ((np.nan, np.nan), False)],
)
def test_difference_holds_where_its_interval_leaves_out_zero(between: tuple[float, float], expected: bool) -> None:
    assert holds(between) is expected


@pytest.mark.parametrize(
    "identity",
    [{"dataset": "other"}, {"protocol": "chair"}, {"scenes": np.array(["a", "c"])}, {"scenes": SCENES[:1]}],
)
def test_rows_of_other_unknown_classes_or_scenes_are_not_compared(identity: dict[str, Any]) -> None:
    assert comparable(row(0.5, [0.5]), row(0.6, [0.6]))
    assert not comparable(row(0.5, [0.5]), row(0.6, [0.6], **identity))


def marks(rows: list[Row]) -> list[str]:
    return [mark(each, rows, "auroc") for each in rows]


def test_best_and_what_does_not_differ_from_it() -> None:
    rows = [row(0.9, [0.8, 1.0]), row(0.85, [0.9, 0.8]), row(0.5, [0.4, 0.6]), row(None, [np.nan, np.nan])]
    assert marks(rows) == ["best", "tied", "", ""]


def test_equals_of_the_best_are_best() -> None:
    assert marks([row(0.9, [0.8, 1.0]), row(0.9, [0.8, 1.0]), row(0.5, [0.4, 0.6])]) == ["best", "best", ""]


@pytest.mark.parametrize(
    "rows",
    [
        [row(0.9, [np.nan]), row(0.5, [np.nan])],  # one scene
        [row(0.9, [0.8, 1.0])],
        [row(0.9, [0.8, 1.0]), row(0.9, [0.8, 1.0])],
        [row(0.9, [0.8, 1.0]), row(None, [np.nan, np.nan])],
        [row(0.9, [0.8, 1.0]), row(0.8, [0.8, 1.0], trains_on_unknown=True)],
        [row(None, [np.nan]), row(None, [np.nan])],
    ],
)
def test_nothing_is_marked_where_there_is_nothing_to_tell(rows: list[Row]) -> None:
    assert not any(marks(rows))


def test_row_without_an_interval_is_not_tied() -> None:
    undefined = row(0.85, [np.nan, np.nan])
    assert marks([row(0.9, [0.8, 1.0]), undefined, row(0.5, [0.4, 0.6])]) == ["best", "", ""]
    assert marks([row(0.9, [0.8, 1.0]), undefined]) == ["", ""]


def test_upper_bound_is_no_competitor() -> None:
    rows = [row(0.99, [0.99, 0.99], trains_on_unknown=True), row(0.9, [0.9, 0.9]), row(0.5, [0.5, 0.5])]
    assert marks(rows) == ["", "best", ""]


def test_less_is_better_of_false_positives() -> None:
    rows = [row(value, [value], "fpr95") for value in (0.3, 0.1, 0.2)]
    assert best(rows, "fpr95") is rows[1]
    assert best([row(None, [np.nan])], "auroc") is None
