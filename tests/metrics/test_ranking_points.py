from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from openworld3d.errors import UserError
from openworld3d.metrics.ranking import ranking
from openworld3d.metrics.ranking_points import PIECE, pieces_of

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
