r"""Free energy of a group of classes, per class.

Formula: -\max_G T \left(\log \sum_{k \in G} e^{z_k / T} - \log K_G\right)
Cost: O(K) per row; nothing is fitted.
When: groups differ in how many classes they have, and `energy` should compare them fairly.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from openworld3d.scores import Arrays, precision_of
from openworld3d.scores.parts.groups import log_sums, sizes

READS: tuple[str, ...] = ("logits",)
FITS: tuple[str, ...] = ("group",)
KEYS: dict[str, Any] = {
    "temperature": {
        "description": "a number above 0; 1 where it is left out, as for the energy",
        "type": "number",
        "exclusiveMinimum": 0,
        "default": 1.0,
    },
}


def fit(sample: Arrays, *, temperature: float) -> dict[str, Any]:
    """Return the group of each class, and the temperature; nothing is estimated: group (K,)."""
    return {"group": sample["group"], "temperature": temperature}


def score(outputs: Arrays, *, group: np.ndarray, temperature: float) -> np.ndarray:
    """Return the least free energy of a group, as if each group had one class.

    -max_G T (log sum_{k in G} e^{z_k / T} - log K_G), T = temperature > 0, K_G the number of classes of G that the
    network knows. Where each class is a group, it is `max_logit`; where all are one, `energy` plus T log K. A logit
    of -inf adds nothing.
    logits (R, K) with K >= 1; returns (R,), unbounded, higher is more unknown.
    Source: notes by others on a paper about SemanticKITTI, which was not found itself.
    """
    per_class = log_sums(outputs["logits"].astype(np.float64) / temperature, group) - np.log(sizes(group))  # (R, G)
    return (-temperature * per_class.max(axis=1)).astype(precision_of(outputs["logits"]))
