"""The points that a ranking is asked for, checked, in pieces that fit a processor's cache."""

from __future__ import annotations

from typing import Iterable, Iterator, NamedTuple, Union

import numpy as np

from openworld3d.errors import UserError

Chunks = Union[np.ndarray, Iterable[np.ndarray]]
PIECE = 2**18


class Piece(NamedTuple):
    """Some points: score (n,) float without NaN, unknown (n,) bool, how many of them are, weight (n,) or none."""

    score: np.ndarray
    unknown: np.ndarray
    positives: int
    weight: np.ndarray | None


def pieces_of(score: Chunks, unknown: Chunks, weight: Chunks | None) -> list[Piece]:
    """Return all points as views of at most `PIECE` points; raises `UserError` for what cannot be ranked."""
    pieces = list(cut(score, unknown, weight))
    points = sum(len(piece.score) for piece in pieces)
    nan = sum(int(np.count_nonzero(np.isnan(piece.score))) for piece in pieces)
    if nan:
        raise UserError(
            f"{nan} of {points} scores are NaN, which have no rank; find what made them, or leave their points out"
        )
    weights = [piece.weight for piece in pieces if piece.weight is not None]
    bad = sum(int(np.count_nonzero(~((each >= 0) & (each < np.inf)))) for each in weights)
    if bad:
        raise UserError(
            f"{bad} of {points} weights are negative, infinite or NaN, expected finite ones >= 0; correct them"
        )
    return pieces


def cut(score: Chunks, unknown: Chunks, weight: Chunks | None) -> Iterator[Piece]:
    """Yield the pieces of all chunks, each chunk checked for its types and lengths."""
    scores, marks = chunks_of(score), chunks_of(unknown)
    weights = [None] * len(scores) if weight is None else chunks_of(weight)
    if not len(scores) == len(marks) == len(weights):
        found = f"{len(scores)} chunks of score, {len(marks)} of unknown"
        also = "" if weight is None else f", {len(weights)} of weight"
        raise UserError(f"found {found}{also}, expected as many of each; cut all of them alike")
    for number, (values, marked, weighed) in enumerate(zip(scores, marks, weights), start=1):
        check_types(f"chunk {number}", values, marked, weighed)
        for start in range(0, len(values), PIECE):
            part = slice(start, start + PIECE)
            yield Piece(
                values[part],
                marked[part],
                int(np.count_nonzero(marked[part])),
                None if weighed is None else weighed[part],
            )


def chunks_of(values: Chunks) -> list[np.ndarray]:
    return [values] if isinstance(values, np.ndarray) else [np.asarray(chunk) for chunk in values]


def check_types(place: str, score: np.ndarray, unknown: np.ndarray, weight: np.ndarray | None) -> None:
    """Refuse a chunk whose arrays are of other types than a ranking takes, or not of one length."""
    if score.dtype.kind != "f" or score.dtype.itemsize > 8:
        raise UserError(f"{place}: score is {score.dtype}, expected float16, float32 or float64; convert it")
    if unknown.dtype != bool:
        raise UserError(f"{place}: unknown is {unknown.dtype}, expected bool; compare labels with the unknown class")
    if weight is not None and weight.dtype.kind not in "iuf":
        raise UserError(f"{place}: weight is {weight.dtype}, expected numbers; convert it")
    shapes = {"score": score.shape, "unknown": unknown.shape, **({} if weight is None else {"weight": weight.shape})}
    if score.ndim != 1 or len(set(shapes.values())) != 1:
        found = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
        raise UserError(f"{place}: found the shapes {found}, expected (N,) of each; give one value for each point")
