"""Dropout whose masks come from a generator; torch's own takes none."""

from __future__ import annotations

import torch
from torch import Tensor


def drop(value: Tensor, rate: float, generator: torch.Generator | None) -> Tensor:
    """Return value * m / (1 - rate), m independent and 0 with probability `rate`; drawn anew in every call."""
    if rate == 0:
        return value
    kept = torch.rand(value.shape, generator=generator, device=value.device) >= rate  # faster than bernoulli_
    return value * kept / (1 - rate)
