"""Free energy."""

from __future__ import annotations

from typing import Mapping

import numpy as np

from openworld3d.scoring.apply import refuse_not_positive

READS: tuple[str, ...] = ("logits",)
FITS: tuple[str, ...] = ()
OPTIONS: dict[str, float] = {"temperature": 1.0}


def score(outputs: Mapping[str, np.ndarray], *, temperature: float) -> np.ndarray:
    """Return the free energy of the logits.

    -T log sum_k e^{z_k / T}, T = temperature > 0, which the paper leaves at 1; a logit of -inf adds nothing.
    logits (R, K) with K >= 1; returns (R,) float32, unbounded, higher is more unknown.
    Raises UserError where the temperature is not above 0.
    Source: Liu et al., Energy-based Out-of-distribution Detection, NeurIPS 2020, arXiv 2010.03759.
    """
    refuse_not_positive("energy", "temperature", temperature)
    wide = outputs["logits"].astype(np.float64) / temperature
    largest = wide.max(axis=1, keepdims=True)  # (R, 1)
    log_sum = largest[:, 0] + np.log(np.exp(wide - largest).sum(axis=1))  # (R,)
    return (-temperature * log_sum).astype(np.float32)
