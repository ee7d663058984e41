r"""A score that somebody else computed.

Formula: s
Cost: none: the score is read.
When: another code base computed the score; the recipe is `saved_outputs`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from openworld3d.scores import Arrays, precision_of

READS: tuple[str, ...] = ("saved_score",)
FITS: tuple[str, ...] = ()
KEYS: dict[str, Any] = {}


def score(outputs: Arrays) -> np.ndarray:
    """Return the score as it was saved.

    saved_score (R, 1); returns (R,), unbounded, higher is more unknown: what is saved as a confidence has an
    AUROC below 1/2.
    Source: whoever saved it.
    """
    saved = outputs["saved_score"]
    return saved[:, 0].astype(precision_of(saved))
