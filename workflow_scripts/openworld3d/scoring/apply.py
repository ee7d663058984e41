"""Apply a score to the outputs of a run, some rows at a time."""

from __future__ import annotations

from functools import partial
from typing import Any, Callable, Mapping, cast

import numpy as np

from openworld3d.errors import UserError
from openworld3d.scores import Arrays, FittedScore, Score

ROWS_AT_ONCE = 1 << 15  # in float64, 20 classes of so many rows are 5 MB
KNOWN_KEPT = 0.95

Scorer = Callable[[Arrays], np.ndarray]


def make_scorer(module: Score, options: Mapping[str, Any], sample: Arrays) -> Scorer:
    """Return the function from outputs to a score, fitted on the training sample where the score is.

    options: a value for each of the module's KEYS. Raises UserError where the sample lacks what the score is fitted
    on, as one of a network without a last layer does.
    """
    if not module.FITS:
        return partial(module.score, **options)
    missing = [name for name in module.FITS if name not in sample]
    if missing:
        name = module.score.__module__.rpartition(".")[2]
        raise UserError(
            f"score {name}: it is fitted on {', '.join(missing)}, but the training sample has "
            f"{', '.join(sorted(sample)) or 'nothing'}; take another score for this run"
        )
    fitted = cast(FittedScore, module).fit({name: sample[name] for name in module.FITS}, **options)
    return partial(module.score, **fitted)


def score_rows(scorer: Scorer, outputs: Arrays) -> np.ndarray:
    """Return the score of every row, (R,) float32 or float64, in memory that grows with R by the result alone.

    outputs: what the score reads and nothing else, (R, C) each.
    """
    precision = np.result_type(np.float32, *(array.dtype for array in outputs.values()))
    result = np.empty(len(next(iter(outputs.values()))), precision)
    for first in range(0, len(result), ROWS_AT_ONCE):
        some = slice(first, first + ROWS_AT_ONCE)
        with np.errstate(invalid="ignore"):  # whoever calls this tells what is not finite
            result[some] = scorer({name: array[some] for name, array in outputs.items()})
    return result


def known_threshold(score: np.ndarray, weight: np.ndarray) -> float:
    """Return the lowest score that at least 95 % of the known training voxels do not exceed.

    score (S,) of a sample of them; weight (S,), how many voxels each stands for.
    """
    order = np.argsort(score, kind="stable")
    share = np.cumsum(weight[order], dtype=np.float64) / weight.sum(dtype=np.float64)
    return float(score[order[np.searchsorted(share, KNOWN_KEPT)]])
