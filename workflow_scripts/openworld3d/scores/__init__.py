"""Post-hoc scores, one file each: from a network's outputs, how unknown each point is.

Each module implements `Score`, or `FittedScore` where it is fitted on a training sample. mypy holds it to that, and
`openworld3d.plugins.load("scores", name)` imports it. `parts` has what several scores share.
"""

from __future__ import annotations

from typing import Any, Mapping, Protocol

import numpy as np

from openworld3d.errors import UserError

Arrays = Mapping[str, np.ndarray]


class Score(Protocol):
    """A score. The three attributes are annotated literals, since planning reads them without importing the module.

    READS: the outputs of a run that `score` takes, out of those that recipes list in `OUTPUTS`, and `range` (R, 1)
        float32, in metres from the sensor.
    FITS: the arrays of the run's training sample that `fit` takes, out of those that
        `openworld3d.inference.training_sample` lists, and `group` (K,) int64, the number of each class's group; ()
        where nothing is fitted.
    KEYS: the score's options, each with a JSON schema of one number: its `description` completes "expected ...", its
        `default` is taken where the config leaves it out.
    """

    READS: tuple[str, ...]
    FITS: tuple[str, ...]
    KEYS: dict[str, Any]

    def score(self, outputs: Arrays, *positional: Any, **parameters: Any) -> np.ndarray:
        """Return one score per row, (R,) in `precision_of` what it reads, finite, **higher means more unknown**.

        outputs: the arrays that it READS, (R, C) float16, float32 or float64 each, which it leaves unchanged. They
        are some of a scene's rows, so a row's score must not depend on the other rows. A logit of -inf is that of an
        impossible class. parameters, keyword-only: a value for each of KEYS, or what `fit` returned.
        The docstring has the formula, the ranges, "higher is more unknown", and the source after "Source: ".
        Raises UserError where the outputs have no such score.
        """
        ...


class FittedScore(Score, Protocol):
    """A score that is fitted on a training sample, which holds known classes alone.

    The sample has about as many voxels of each class. A fit counts each by its `weight`, also within a class, so that
    every training voxel counts alike, as papers fit on their training or validation data as it comes.
    """

    def fit(self, sample: Arrays, *positional: Any, **options: Any) -> dict[str, Any]:
        """Return the keyword arguments that `score` is called with.

        sample: the arrays that it FITS, which it leaves unchanged; options, keyword-only: a value for each of KEYS.
        Raises UserError where the sample does not allow the fit.
        """
        ...


def precision_of(output: np.ndarray) -> np.dtype:
    """Return float32, or float64 for outputs of that precision, whose order float32 would make ties of."""
    return np.result_type(output, np.float32)


def require_two_classes(score: str, logits: np.ndarray) -> None:
    """Raise UserError where logits (R, K) have K = 1, of which a score that compares classes says nothing."""
    if logits.shape[1] < 2:
        raise UserError(f"score {score}: the outputs have one known class, expected two or more; take another score")


def require_positive(score: str, features: np.ndarray, summed: str, total: np.ndarray) -> None:
    """Raise UserError where a sum (R, 1) of a point's features (R, F) is not above 0, though some are not 0.

    summed: which ones, `largest features`.
    """
    wrong = (total <= 0) & features.any(axis=1, keepdims=True)
    if wrong.any():
        raise UserError(
            f"score {score}: the {summed} of a point add up to {total[wrong].min():g}, expected above 0; "
            f"{(features < 0).mean():.0%} of the features are negative, as none is after a ReLU; take another score "
            "for this run"
        )
