"""Closed-set training: cross-entropy over the known classes; unknown and void points carry no label."""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn
from torch.nn import functional as F

from openworld3d import parallel
from openworld3d.protocol import IGNORED


def loss(
    network: nn.Module, feature: Tensor, geometry: Any, target: Tensor, class_weight: Tensor
) -> tuple[Tensor, Tensor]:
    """Return the weighted mean cross-entropy over labelled points, 0 where a batch has none, and logits (N, K).

    feature (N, F) float32; target (N,) int64, 255 where the point carries no label; class_weight (K,) float32.
    """
    logits = network(feature, geometry)
    total = F.cross_entropy(logits, target, class_weight, ignore_index=IGNORED, reduction="sum")
    weight = class_weight[target[target != IGNORED]].sum()
    return parallel.mean(total, weight), logits


def outputs(network: nn.Module, feature: Tensor, geometry: Any) -> dict[str, Tensor]:
    """Return what scores read: logits (N, known classes)."""
    return {"logits": network(feature, geometry)}
