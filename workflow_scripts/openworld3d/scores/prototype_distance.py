r"""Distance to the prototypes times entropy, and the shortness of a second head.

Formula: \frac{1}{2} \left((1 - \max_c \cos(z, m_c)) \frac{H(p)}{\log K} + \max(0, 1 - |f'|^2 / r)\right)
Cost: O(K) per row; nothing is fitted, but the recipe trains the prototypes and the head.
When: the recipe is `prototype_contrast`.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from openworld3d.scores import Arrays, entropy, precision_of

READS: tuple[str, ...] = ("logits", "prototype_distance", "squared_norm")
FITS: tuple[str, ...] = ()
KEYS: dict[str, Any] = {
    "radius": {
        "description": "a number above 0, the squared length from which a point is known; 5 where it is left out, as "
        "in the released code",
        "type": "number",
        "exclusiveMinimum": 0,
        "default": 5.0,
    },
}


def score(outputs: Arrays, *, radius: float) -> np.ndarray:
    """Return how far a point is from the prototypes, where the network is unsure, and how short the second head is.

    ((1 - max_c cos(z, m_c)) H(p) / log K + max(0, 1 - |f'|^2 / radius)) / 2. The released code first divides the left
    term by its largest value in the scan, by which ranks over several scans depend on each scan's largest; not here.
    logits (R, K), prototype_distance (R, 1) in 0..2, squared_norm (R, 1); returns (R,), in 0..1.5, higher is
    more unknown.
    Source: Mosco, Fusaro and Pretto, LIDO, CVPR 2026, arXiv 2604.23604; github.com/SiMoM0/LIDO at 7035368.
    """
    distance = outputs["prototype_distance"][:, 0].astype(np.float64)
    short = np.maximum(0, 1 - outputs["squared_norm"][:, 0].astype(np.float64) / radius)
    return ((distance * entropy.score({"logits": outputs["logits"]}) + short) / 2).astype(
        precision_of(outputs["logits"])
    )
