"""Closed-set training: cross-entropy over the known classes; unknown and void points carry no label."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn
from torch.nn import functional as F

from openworld3d.protocol import IGNORED


def loss(network: nn.Module, feature: Tensor, geometry: Any, target: Tensor) -> Tensor:
    """Return the mean cross-entropy over labelled points, 0 where a batch has none.

    feature (N, F) float32; target (N,) int64, 255 where the point carries no label.
    """
    total = F.cross_entropy(network(feature, geometry), target, ignore_index=IGNORED, reduction="sum")
    return total / (target != IGNORED).sum().clamp(min=1)


def outputs(network: nn.Module, feature: Tensor, geometry: Any) -> dict[str, Tensor]:
    """Return what scores read: logits (N, known classes)."""
    return {"logits": network(feature, geometry)}
