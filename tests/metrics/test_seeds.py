"""Differences over seeds and scenes, against values computed by hand."""

from __future__ import annotations

from typing import Any, Sequence

import numpy as np
import pytest
from scipy.stats import ttest_rel

from openworld3d.metrics.bootstrap import Row, difference, mark
from openworld3d.metrics.seeds import difference_of_means, means_over_seeds

SCENES = 4


def rows(
    score: str, values: Sequence[float | None], drawn: Any = np.nan, seeds: Sequence[Any] = range(9), **identity: Any
) -> list[Row]:
    """Return a row for each value; drawn: what the draws of the scenes add to it (R,)."""
    names = {"dataset": "d", "protocol": "p", "score": score, "trains_on_unknown": False, **identity}
    scenes = np.arange(SCENES if np.ndim(drawn) else 1)
    found = []
    for seed, value in zip(seeds, values):
        replicates = np.stack([(np.nan if value is None else value) + np.atleast_1d(drawn)] * 3)
        found.append(Row({**names, "seed": seed}, {"auroc": value}, {"scenes": scenes, "auroc": replicates}))
    return found


def means(*of_methods: list[Row]) -> list[Row]:
    return means_over_seeds([row for of_method in of_methods for row in of_method], ["auroc"])


def between(one: list[Row], other: list[Row]) -> tuple[float, float]:
    mean, other_mean = means(one, other)
    return difference_of_means(mean, other_mean, "auroc")


def test_means_by_hand() -> None:
    one, other = means(rows("msp", [0.5, 0.7, 0.9]), rows("knn", [0.5, None, 0.9]))
    assert one.metrics["auroc"] == pytest.approx(0.7)
    assert (one.identity["seed"], len(one.of_seeds)) == ("0, 1, 2", 3)
    assert other.metrics["auroc"] is None


def test_what_has_no_seed_counts_once() -> None:
    (one,) = means(rows("saved", [0.5, 0.5, 0.5], seeds=["n/a"] * 3))
    assert (one.identity["seed"], len(one.of_seeds)) == ("n/a", 1)


def test_of_one_scene_it_is_the_paired_t_test() -> None:
    values = [0.5, 0.6, 0.8], [0.4, 0.4, 0.5]
    found = between(rows("a", values[0]), rows("b", values[1]))
    expected = ttest_rel(*values).confidence_interval(0.95)
    assert found == pytest.approx((expected.low, expected.high))


def test_of_one_seed_it_is_the_bootstrap() -> None:
    one, other = rows("a", [0.5], np.linspace(-0.1, 0.1, 50)), rows("b", [0.4], np.zeros(50))
    assert between(one, other) == difference(one[0], other[0], "auroc")


def test_of_seeds_that_agree_it_is_that_of_scenes() -> None:
    """Draws of variance 0.01 are those of a mean over 4 scenes: 4/3 of it, and 3 degrees of freedom: 3.182."""
    drawn = np.array([-0.1, 0.1])
    found = between(rows("a", [0.5, 0.5], drawn), rows("b", [0.4, 0.4], 0 * drawn))
    half = 3.1824463 * (0.01 * 4 / 3) ** 0.5
    assert found == pytest.approx((0.1 - half, 0.1 + half))


def test_of_both_the_variances_add_up() -> None:
    """Seeds 0.1 and 0.3: variance 0.02 / 2 with 1 degree; scenes 4/3 of 0.01 with 3 degrees."""
    drawn = np.array([-0.1, 0.1])
    low, high = between(rows("a", [0.1, 0.3], drawn), rows("b", [0, 0], 0 * drawn))
    seeds, scenes = 0.02 / 2, 0.04 / 3
    freedom = (seeds + scenes) ** 2 / (seeds**2 + scenes**2 / 3)
    assert freedom == pytest.approx(3.4186, abs=1e-4)
    assert (low + high) / 2 == pytest.approx(0.2)
    assert (high - low) / 2 == pytest.approx(2.9730 * (seeds + scenes) ** 0.5, rel=1e-3)


def test_bounds_of_bins_widen_it() -> None:
    one, other = rows("a", [0.5, 0.6], np.array([-0.1, 0.1])), rows("b", [0.4, 0.4], np.zeros(2))
    narrow = between(one, other)
    for row in one:
        row.replicates["auroc"][:] += np.array([[-0.01], [0], [0.02]])
    wide = between(one, other)
    assert (wide[0] - narrow[0], wide[1] - narrow[1]) == pytest.approx((-0.01, 0.02))


@pytest.mark.parametrize(
    ("one", "other", "gaps"),
    [
        ([0.5, 0.7], ["n/a"], [0.1, 0.3]),
        (["n/a"], [0.5, 0.7], [-0.1, -0.3]),
        ([0.5, 0.7], [0.5, 0.7], [0, 0]),
    ],
)
def test_what_has_no_seed_is_paired_with_every_seed(one: list[Any], other: list[Any], gaps: list[float]) -> None:
    def of(score: str, values: list[Any]) -> list[Row]:
        return rows(score, [0.4], seeds=values) if values == ["n/a"] else rows(score, values)

    found = between(of("a", one), of("b", other))
    assert sum(found) / 2 == pytest.approx(np.mean(gaps))


def test_methods_without_a_common_seed_are_not_compared() -> None:
    one, other = means(rows("a", [0.5, 0.6], seeds=[0, 1]), rows("b", [0.5, 0.6], seeds=[2, 3]))
    assert np.isnan(difference_of_means(one, other, "auroc")).all()


def test_best_mean_and_what_does_not_differ_from_it() -> None:
    of_all = means(rows("a", [0.90, 0.92, 0.91]), rows("b", [0.95, 0.85, 0.90]), rows("c", [0.50, 0.51, 0.50]))
    assert [mark(row, of_all, "auroc", difference_of_means) for row in of_all] == ["best", "tied", ""]


def test_nothing_is_marked_of_one_seed_in_one_scene() -> None:
    of_all = means(rows("a", [0.9]), rows("b", [0.5]))
    assert [mark(row, of_all, "auroc", difference_of_means) for row in of_all] == ["", ""]
