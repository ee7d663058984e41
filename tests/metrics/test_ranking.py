from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn import metrics as sklearn

from openworld3d.metrics.ranking import RANKING, ranking

TIED = arrays(np.float32, st.integers(1, 60), elements=st.integers(-3, 3).map(float))
FREE = arrays(np.float32, st.integers(1, 60), elements=st.floats(-100, 100, width=32))
SCORES = st.one_of(st.tuples(TIED, TIED), st.tuples(FREE, FREE))


def measure(positive: list[float] | np.ndarray, negative: list[float] | np.ndarray) -> dict[str, float]:
    return ranking(np.sort(np.asarray(positive, np.float32)), np.sort(np.asarray(negative, np.float32)))


@pytest.mark.parametrize(
    ("positive", "negative", "expected"),
    [
        # Perfect: every positive above every negative.
        ([3, 4], [1, 2], {"aupr": 1, "aupr_trapezoid": 1, "auroc": 1, "fpr95": 0, "fpr95_strict": 0}),
        # Inverted: the precision-recall curve goes through (0, 0), (1/2, 1/3) and (1, 1/2).
        (
            [1, 2],
            [3, 4],
            {"aupr": 5 / 12, "aupr_trapezoid": 1 / 12 + 5 / 24, "auroc": 0, "fpr95": 1, "fpr95_strict": 1},
        ),
        # All tied: one threshold, precision = prevalence; the trapezoid starts at the made-up (0, 1).
        (
            [5],
            [5, 5, 5],
            {"aupr": 1 / 4, "aupr_trapezoid": 5 / 8, "auroc": 1 / 2, "fpr95": 1, "fpr95_strict": 1},
        ),
        # Falling: positive, negative, positive, negative.
        (
            [4, 2],
            [3, 1],
            {
                "aupr": 1 / 2 + 1 / 3,
                "aupr_trapezoid": 1 / 2 + (1 / 2 + 2 / 3) / 4,
                "auroc": 3 / 4,
                "fpr95": 1 / 2,
                "fpr95_strict": 1 / 2,
            },
        ),
    ],
)
def test_table_by_hand(positive: list[float], negative: list[float], expected: dict[str, float]) -> None:
    assert measure(positive, negative) == pytest.approx(expected)


def test_fpr95_at_exactly_the_recall_differs_from_strict() -> None:
    # 19 of 20 positives lie above both negatives, the last between them.
    result = measure([*range(10, 29), 5], [9, 1])
    assert (result["fpr95"], result["fpr95_strict"]) == (0, 1 / 2)


@pytest.mark.parametrize(("positive", "negative"), [([], [1, 2]), ([1, 2], []), ([], [])])
def test_one_kind_of_points_alone_is_not_defined(positive: list[float], negative: list[float]) -> None:
    result = measure(positive, negative)
    assert list(result) == list(RANKING)
    assert all(math.isnan(value) for value in result.values())


@settings(deadline=None)
@given(SCORES)
def test_is_what_scikit_learn_answers(scores: tuple[np.ndarray, np.ndarray]) -> None:
    target = np.repeat([1, 0], [len(part) for part in scores])
    pooled = np.concatenate(scores)
    precision, recall, _ = sklearn.precision_recall_curve(target, pooled)
    fpr, tpr, _ = sklearn.roc_curve(target, pooled, drop_intermediate=False)
    expected = {
        "aupr": sklearn.average_precision_score(target, pooled),
        "aupr_trapezoid": sklearn.auc(recall, precision),
        "auroc": sklearn.roc_auc_score(target, pooled),
        "fpr95": fpr[tpr >= 0.95][0],
        "fpr95_strict": fpr[tpr > 0.95][0],
    }
    assert measure(*scores) == pytest.approx(expected, abs=1e-12)


@settings(deadline=None)
@given(st.tuples(TIED, TIED))
def test_a_growing_function_of_the_score_changes_nothing(scores: tuple[np.ndarray, np.ndarray]) -> None:
    assert measure(*(np.exp(part) * 3 - 7 for part in scores)) == measure(*scores)


@settings(deadline=None)
@given(SCORES)
def test_the_negated_score_has_the_other_auroc(scores: tuple[np.ndarray, np.ndarray]) -> None:
    positive, negative = scores
    total = measure(positive, negative)["auroc"] + measure(-positive, -negative)["auroc"]
    assert total == pytest.approx(1)
