from __future__ import annotations

import math
import random
import tracemalloc
from dataclasses import astuple
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn import metrics as sklearn

from openworld3d.errors import UserError
from openworld3d.metrics.ranking import Ranking, ranking
from openworld3d.metrics.ranking_input import PIECE, pieces_of

INFINITE, TINY = math.inf, 2.0**-149  # the smallest float32 above 0
TIED = st.integers(-3, 3).map(float)
EDGES = st.sampled_from([-INFINITE, -1.0, -TINY, -0.0, 0.0, TINY, 1.0, INFINITE])
FREE = st.floats(-100, 100, width=32)
# float32 holds none of the neighbours of 1, nor 2^-1070.
WIDE = st.sampled_from([1 - 2.0**-53, 1.0, 1 + 2.0**-52, 1 + 2.0**-51, 2.0**-1070, -(2.0**-1074), 0.0, 1e300])
NARROW = st.floats(allow_nan=False, width=16)


@st.composite
def points(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Scores and unknown of at least one point of each kind."""
    dtype, elements = draw(
        st.sampled_from(
            [
                (np.float32, TIED),
                (np.float32, EDGES),
                (np.float32, FREE),
                (np.float64, WIDE),
                (np.float16, NARROW),
            ]
        )
    )
    size = draw(st.integers(2, 60))
    unknown = draw(arrays(bool, size))
    unknown[:2] = True, False
    return draw(arrays(dtype, size, elements=elements)), unknown


def of_scikit_learn(score: np.ndarray, unknown: np.ndarray) -> tuple[float, ...]:
    # scikit-learn refuses infinities, and float16 is slow: ranks order as the scores do.
    rank = np.unique(score, return_inverse=True)[1]
    precision, recall, _ = sklearn.precision_recall_curve(unknown, rank)
    fpr, tpr, _ = sklearn.roc_curve(unknown, rank, drop_intermediate=False)
    # As anomaly-seg: upwards from the highest threshold with full recall.
    last = int(tpr.argmax())
    return (
        sklearn.roc_auc_score(unknown, rank),
        sklearn.average_precision_score(unknown, rank),
        sklearn.auc(recall, precision),
        fpr[tpr >= 0.95][0],
        fpr[tpr > 0.95][0],
        fpr[last - np.abs(tpr[last::-1] - 0.95).argmin()],
    )


def of_two(positive: list[float], negative: list[float]) -> Ranking:
    unknown = np.repeat([True, False], [len(positive), len(negative)])
    return ranking(np.array([*positive, *negative], np.float32), unknown)


BY_HAND = [
    ("perfect: every positive above every negative", [3, 4], [1, 2], Ranking(1, 1, 1, 0, 0, 0)),
    (
        "inverted: the precision-recall curve goes through (0, 0), (1/2, 1/3) and (1, 1/2)",
        [1, 2],
        [3, 4],
        Ranking(auroc=0, aupr=5 / 12, aupr_trapezoid=1 / 12 + 5 / 24, fpr95=1, fpr95_strict=1, fpr95_nearest=1),
    ),
    (
        "tied: one threshold, precision = prevalence; the trapezoid starts at the made-up (0, 1)",
        [5],
        [5, 5, 5],
        Ranking(auroc=1 / 2, aupr=1 / 4, aupr_trapezoid=5 / 8, fpr95=1, fpr95_strict=1, fpr95_nearest=1),
    ),
    (
        "falling: positive, negative, positive, negative",
        [4, 2],
        [3, 1],
        Ranking(
            auroc=3 / 4,
            aupr=1 / 2 + 1 / 3,
            aupr_trapezoid=1 / 2 + (1 / 2 + 2 / 3) / 4,
            fpr95=1 / 2,
            fpr95_strict=1 / 2,
            fpr95_nearest=1 / 2,
        ),
    ),
    (
        "recall: 19 of 20 positives lie above both negatives, the last between them",
        [*range(10, 29), 5],
        [9, 1],
        Ranking(
            auroc=39 / 40,
            aupr=(19 + 20 / 21) / 20,
            aupr_trapezoid=(19 + (19 / 20 + 20 / 21) / 2) / 20,
            fpr95=0,
            fpr95_strict=1 / 2,
            fpr95_nearest=1 / 2,
        ),
    ),
    (
        "nearest below: of 13 positives 12 are above all negatives, and 12 / 13 is nearer to 0.95 than 1",
        [*range(10, 22), 8],
        [9, 8, 1],
        Ranking(
            auroc=(12 * 3 + 3 / 2) / 39,
            aupr=(12 + 13 / 15) / 13,
            aupr_trapezoid=(12 + (12 / 13 + 13 / 15) / 2) / 13,
            fpr95=2 / 3,
            fpr95_strict=2 / 3,
            fpr95_nearest=1 / 3,
        ),
    ),
    ("-0.0 ties with 0.0", [-0.0], [0.0], Ranking(1 / 2, 1 / 2, 3 / 4, 1, 1, 1)),
    ("denormals are not 0", [TINY], [0.0, -TINY], Ranking(1, 1, 1, 0, 0, 0)),
    ("infinities are the ends", [INFINITE], [3e38, -INFINITE], Ranking(1, 1, 1, 0, 0, 0)),
    ("infinities tie", [-INFINITE], [-INFINITE], Ranking(1 / 2, 1 / 2, 3 / 4, 1, 1, 1)),
]


@pytest.mark.parametrize(
    ("positive", "negative", "expected"), [row[1:] for row in BY_HAND], ids=[r[0] for r in BY_HAND]
)
def test_table_by_hand(positive: list[float], negative: list[float], expected: Ranking) -> None:
    assert astuple(of_two(positive, negative)) == pytest.approx(astuple(expected), rel=1e-12)


@pytest.mark.parametrize(("positive", "negative"), [([], [1, 2]), ([1, 2], []), ([7], []), ([], [])])
def test_one_kind_of_points_alone_is_not_defined(positive: list[float], negative: list[float]) -> None:
    assert all(math.isnan(value) for value in astuple(of_two(positive, negative)))


@settings(deadline=None)
@given(points())
def test_is_what_scikit_learn_answers(case: tuple[np.ndarray, np.ndarray]) -> None:
    assert astuple(ranking(*case)) == pytest.approx(of_scikit_learn(*case), rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("nothing", [[], [np.zeros(0)], np.zeros(0)])
def test_no_points_are_not_defined(nothing: list[np.ndarray] | np.ndarray) -> None:
    marks = [each.astype(bool) for each in nothing] if isinstance(nothing, list) else nothing.astype(bool)
    assert all(math.isnan(value) for value in astuple(ranking(nothing, marks)))


@settings(deadline=None)
@given(points(), st.lists(st.integers(0, 60)))
def test_no_cut_into_chunks_changes_a_bit(case: tuple[np.ndarray, np.ndarray], ends: list[int]) -> None:
    score, unknown = (iter(np.split(each, sorted(ends))) for each in case)
    assert ranking(score, unknown) == ranking(*case)


@settings(deadline=None)
@given(points(), st.integers(1, 5), st.integers(1, 5), st.integers(1, 3))
def test_neither_pieces_nor_blocks_nor_threads_change_a_bit(
    case: tuple[np.ndarray, np.ndarray], piece: int, block: int, threads: int
) -> None:
    expected = ranking(*case)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("openworld3d.metrics.ranking_input.PIECE", piece)
        patch.setattr("openworld3d.metrics.ranking.BLOCK", block)
        patch.setenv("OMP_NUM_THREADS", str(threads))
        assert ranking(*case) == expected


@settings(deadline=None)
@given(points(), st.randoms(use_true_random=False))
def test_the_order_of_the_points_changes_no_bit(case: tuple[np.ndarray, np.ndarray], shuffler: random.Random) -> None:
    order = list(range(len(case[0])))
    shuffler.shuffle(order)
    score, unknown = (each[order] for each in case)
    assert ranking(score, unknown) == ranking(*case)


def test_chunks_of_other_types_rank_together() -> None:
    # 1 + 2^-30 is no float32, and above the float16 that is 1.
    scores = [np.array([1.0], np.float16), np.array([1 + 2.0**-30]), np.array([0.5], np.float32)]
    unknown = [np.array([mark]) for mark in (False, True, False)]
    assert ranking(scores, unknown) == Ranking(1, 1, 1, 0, 0, 0)


def test_arrays_with_steps_rank_as_their_copies() -> None:
    generator = np.random.default_rng(0)
    score, unknown = generator.normal(size=100).astype(np.float32), generator.random(100) < 0.3
    assert ranking(score[::-3], unknown[::-3]) == ranking(score[::-3].copy(), unknown[::-3].copy())


@settings(deadline=None)
@given(points())
def test_the_negated_score_has_the_other_auroc(case: tuple[np.ndarray, np.ndarray]) -> None:
    score, unknown = case
    total = ranking(score, unknown).auroc + ranking(-score, unknown).auroc
    assert total == pytest.approx(1, rel=1e-12)


@settings(deadline=None)
@given(points())
def test_arguments_are_left_as_they_are(case: tuple[np.ndarray, np.ndarray]) -> None:
    before = [each.copy() for each in case]
    ranking(*case)
    for each, copy in zip(case, before):
        np.testing.assert_array_equal(each, copy)


@pytest.mark.parametrize("unknown_share", [0.02, 0.25, 0.9])
def test_memory_is_four_bytes_a_point_and_little_more(unknown_share: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    size = 8_000_000
    generator = np.random.default_rng(0)
    unknown = generator.random(size, np.float32) < unknown_share
    score = generator.standard_normal(size, np.float32)
    tracemalloc.start()
    ranking(score, unknown)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4 * size + 8e6


SCORE, UNKNOWN = np.array([1.0, 2, 3], np.float32), np.array([True, False, True])
BAD: list[tuple[str, tuple[Any, ...]]] = [
    (
        "2 of 6 scores are NaN, which have no rank; find what made them, or leave their points out",
        ([SCORE, np.array([np.nan, 1, np.nan])], [UNKNOWN, UNKNOWN]),
    ),
    (
        "found 2 chunks of score, 1 of unknown, expected as many of each; cut both alike",
        ([SCORE, SCORE], [UNKNOWN]),
    ),
    (
        "chunk 2: found the shapes score (3,), unknown (2,), expected (N,) of each; give one value for each point",
        ([SCORE, SCORE], [UNKNOWN, UNKNOWN[:2]]),
    ),
    (
        "chunk 1: found the shapes score (3, 1), unknown (3, 1), expected (N,) of each; "
        "give one value for each point",
        (SCORE[:, None], UNKNOWN[:, None]),
    ),
    (
        "chunk 1: unknown is uint8, expected bool; compare labels with the unknown class",
        (SCORE, UNKNOWN.astype(np.uint8)),
    ),
    (
        "chunk 1: score is int64, expected float16, float32 or float64; convert it",
        (SCORE.astype(np.int64), UNKNOWN),
    ),
    (
        "chunk 1: score is complex64, expected float16, float32 or float64; convert it",
        (SCORE.astype(np.complex64), UNKNOWN),
    ),
]


@pytest.mark.parametrize(("sentence", "arguments"), BAD, ids=[row[0][:40] for row in BAD])
def test_what_cannot_be_ranked_is_refused_in_a_sentence(sentence: str, arguments: tuple[Any, ...]) -> None:
    with pytest.raises(UserError) as refusal:
        ranking(*arguments)
    assert str(refusal.value) == sentence


def test_pieces_are_views_of_all_points_in_their_order() -> None:
    score = np.arange(PIECE + 2, dtype=np.float32)
    unknown = score >= PIECE - 1
    pieces = pieces_of([score, SCORE], [unknown, UNKNOWN])
    assert [(len(piece.score), piece.positives) for piece in pieces] == [(PIECE, 1), (2, 2), (3, 2)]
    assert all(np.shares_memory(piece.score, whole) for piece, whole in zip(pieces, (score, score, SCORE)))
    np.testing.assert_array_equal(np.concatenate([piece.score for piece in pieces]), np.append(score, SCORE))
