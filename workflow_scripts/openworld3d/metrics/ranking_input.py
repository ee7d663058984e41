"""What is ranked: points, checked and cut into pieces."""

from __future__ import annotations

from typing import Iterable, Iterator, NamedTuple, Union

import numpy as np

from openworld3d.errors import UserError

Chunks = Union[np.ndarray, Iterable[np.ndarray]]
PIECE = 2**18  # points that fit in a processor's cache


class Piece(NamedTuple):
    """Some points: score (n,) float without NaN, unknown (n,) bool, and how many are unknown."""

    score: np.ndarray
    unknown: np.ndarray
    positives: int


def pieces_of(score: Chunks, unknown: Chunks) -> list[Piece]:
    """Return all points as views of at most `PIECE` points each; raises UserError for what cannot be ranked."""
    pieces = list(cut(score, unknown))
    points = sum(len(piece.score) for piece in pieces)
    nan = sum(int(np.count_nonzero(np.isnan(piece.score))) for piece in pieces)
    if nan:
        raise UserError(
            f"{nan} of {points} scores are NaN, which have no rank; find what made them, or leave their points out"
        )
    return pieces


def cut(score: Chunks, unknown: Chunks) -> Iterator[Piece]:
    """Yield the pieces of all chunks; raises UserError for chunks of wrong types or lengths."""
    scores, marks = chunks_of(score), chunks_of(unknown)
    if len(scores) != len(marks):
        raise UserError(
            f"found {len(scores)} chunks of score, {len(marks)} of unknown, expected as many of each; cut both alike"
        )
    for number, (values, marked) in enumerate(zip(scores, marks), start=1):
        check_types(f"chunk {number}", values, marked)
        for start in range(0, len(values), PIECE):
            part = slice(start, start + PIECE)
            yield Piece(values[part], marked[part], int(np.count_nonzero(marked[part])))


def chunks_of(values: Chunks) -> list[np.ndarray]:
    """Return an array as one chunk, or the chunks of an iterable."""
    return [values] if isinstance(values, np.ndarray) else [np.asarray(chunk) for chunk in values]


def check_types(place: str, score: np.ndarray, unknown: np.ndarray) -> None:
    """Raise UserError for a chunk whose arrays have types that cannot be ranked, or different lengths."""
    if score.dtype.kind != "f" or score.dtype.itemsize > 8:
        raise UserError(f"{place}: score is {score.dtype}, expected float16, float32 or float64; convert it")
    if unknown.dtype != bool:
        raise UserError(f"{place}: unknown is {unknown.dtype}, expected bool; compare labels with the unknown class")
    if score.ndim != 1 or score.shape != unknown.shape:
        raise UserError(
            f"{place}: found the shapes score {score.shape}, unknown {unknown.shape}, expected (N,) of each; give "
            "one value for each point"
        )
