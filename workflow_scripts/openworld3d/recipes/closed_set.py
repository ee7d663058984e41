"""Closed-set training: cross-entropy over the known classes; unknown and void points carry no label."""

from __future__ import annotations

from typing import Any, Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from openworld3d import parallel
from openworld3d.protocol import IGNORED

OUTPUTS: tuple[str, ...] = ("logits",)
TRAINING_KEYS: dict[str, Any] = {}
INFERENCE_KEYS: dict[str, Any] = {}


def loss(
    network: nn.Module,
    feature: Tensor,
    geometry: Any,
    target: Tensor,
    class_weight: Tensor,
    recipe: Mapping[str, Any],
) -> tuple[Tensor, Tensor]:
    """Return `mean_cross_entropy` of a batch, and the logits (N, K): feature (N, F) float32."""
    logits = network(feature, geometry)
    return mean_cross_entropy(logits, target, class_weight), logits


def mean_cross_entropy(logits: Tensor, target: Tensor, class_weight: Tensor) -> Tensor:
    """Return the weighted mean cross-entropy over labelled points, 0 where a batch has none.

    logits (N, K); target (N,) int64, 255 where the point carries no label; class_weight (K,) float32.
    """
    total = F.cross_entropy(logits, target, class_weight, ignore_index=IGNORED, reduction="sum")
    weight = class_weight[target[target != IGNORED]].sum()
    return parallel.mean(total, weight)


def outputs(
    network: nn.Module, feature: Tensor, geometry: Any, recipe: Mapping[str, Any], generator: torch.Generator
) -> dict[str, Tensor]:
    """Return what scores read: logits (N, known classes)."""
    return {"logits": network(feature, geometry)}
