"""Apply a score to the outputs of a run, some rows at a time."""

from __future__ import annotations

from functools import partial
from types import ModuleType
from typing import Callable, Mapping

import numpy as np

from openworld3d.errors import UserError

ROWS_AT_ONCE = 1 << 15  # in float64, 20 classes of so many rows are 5 MB
KNOWN_KEPT = 0.95

Arrays = Mapping[str, np.ndarray]
Score = Callable[[Arrays], np.ndarray]


def make_score(module: ModuleType, options: Mapping[str, float], sample: Arrays) -> Score:
    """Return the score of a file of `scores` with a value for each of its `OPTIONS`, fitted where it `FITS`."""
    if module.FITS:
        return module.fit({name: sample[name] for name in module.FITS}, **options)
    return partial(module.score, **options)


def score_rows(score: Score, outputs: Arrays) -> np.ndarray:
    """Return the score of every row, (R,) float32, in memory that does not grow with R but for the result.

    A row's score depends on no other row; outputs has what the score reads and nothing else, (R, C) each.
    """
    result = np.empty(len(next(iter(outputs.values()))), np.float32)
    for first in range(0, len(result), ROWS_AT_ONCE):
        some = slice(first, first + ROWS_AT_ONCE)
        result[some] = score({name: array[some] for name, array in outputs.items()})
    return result


def known_threshold(score: np.ndarray, weight: np.ndarray) -> float:
    """Return the lowest score that at least 95 % of the known training voxels do not exceed.

    score (S,) float32 of a sample of them; weight (S,), how many voxels each stands for.
    """
    order = np.argsort(score, kind="stable")
    share = np.cumsum(weight[order], dtype=np.float64) / weight.sum(dtype=np.float64)
    return float(score[order[np.searchsorted(share, KNOWN_KEPT)]])


def refuse_one_class(score: str, logits: np.ndarray) -> None:
    """Raise UserError where logits (R, K) have K = 1, of which a score that compares classes says nothing."""
    if logits.shape[1] < 2:
        raise UserError(f"score {score}: the outputs have one known class; it needs two or more")


def refuse_not_positive(score: str, option: str, value: float) -> None:
    """Raise UserError where an option that its formula needs above 0 is not."""
    if value <= 0:
        raise UserError(f"score {score}: {option} is {value}, expected a number above 0; correct it in the config")


def refuse_outside(score: str, option: str, value: float, lowest: float, highest: float) -> None:
    """Raise UserError where an option is not in the range that its formula needs, ends included."""
    if not lowest <= value <= highest:
        raise UserError(
            f"score {score}: {option} is {value}, expected {lowest:g} to {highest:g}; correct it in the config"
        )
