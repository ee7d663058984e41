"""Apply a score to the outputs of a run, some rows at a time."""

from __future__ import annotations

from types import ModuleType
from typing import Mapping

import numpy as np

from openworld3d.errors import UserError

ROWS_AT_ONCE = 1 << 15  # in float64, 20 classes of so many rows are 5 MB


def score_rows(module: ModuleType, outputs: Mapping[str, np.ndarray], options: Mapping[str, float]) -> np.ndarray:
    """Return the score of every row, (R,) float32, in memory that does not grow with R but for the result.

    module is a file of `scores`, whose score of a row depends on no other row; outputs has at least what the module
    `READS`, (R, C) each; options has a value for each of its `OPTIONS`.
    """
    result = np.empty(len(outputs[module.READS[0]]), np.float32)
    for first in range(0, len(result), ROWS_AT_ONCE):
        some = slice(first, first + ROWS_AT_ONCE)
        result[some] = module.score({name: outputs[name][some] for name in module.READS}, **options)
    return result


def refuse_one_class(score: str, logits: np.ndarray) -> None:
    """Raise UserError where logits (R, K) have K = 1, of which a score that compares classes says nothing."""
    if logits.shape[1] < 2:
        raise UserError(f"score {score}: the outputs have one known class; it needs two or more")


def refuse_not_positive(score: str, option: str, value: float) -> None:
    """Raise UserError where an option that its formula needs above 0 is not."""
    if value <= 0:
        raise UserError(f"score {score}: {option} is {value}, expected a number above 0; correct it in the config")
