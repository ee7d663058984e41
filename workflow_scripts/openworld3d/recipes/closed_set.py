"""Closed-set training: cross-entropy over the known classes; unknown and void points have no label."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from openworld3d.networks import distributed
from openworld3d.networks.backbone import Backbone
from openworld3d.networks.inputs import Batch
from openworld3d.protocols.protocol import IGNORED
from openworld3d.recipes import Recipe

BEGINS_WITH: str = "train"
TRAINS_ON_UNKNOWN: bool = False
OUTPUTS: tuple[str, ...] = ("logits", "features")
TRAINING_KEYS: dict[str, Any] = {
    "keep_epochs": {
        "description": "a list of epochs after which the network is kept beside the last, for recipes that start "
        "from one of them; empty where it is left out",
        "type": "array",
        "uniqueItems": True,
        "items": {"type": "integer", "minimum": 1},
        "default": [],
    },
}
INFERENCE_KEYS: dict[str, Any] = {}


@dataclass(frozen=True)
class ClosedSet(Recipe):
    """Closed-set training."""

    def loss(self, network: Backbone, batch: Batch, class_weight: Tensor) -> tuple[Tensor, Tensor]:
        """Return `mean_cross_entropy` of a batch, and the logits (N, K)."""
        logits = network(batch.feature, batch.geometry)
        return mean_cross_entropy(logits, batch.target, class_weight), logits

    def outputs(
        self, network: Backbone, feature: Tensor, geometry: Any, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """Return logits (N, K), and features (N, F), the input of the last layer."""
        features = network.features(network.decode(feature, geometry))
        return {"logits": network.last_layer(features), "features": features}


RECIPE: type[Recipe] = ClosedSet


def mean_cross_entropy(logits: Tensor, target: Tensor, class_weight: Tensor) -> Tensor:
    """Return the weighted mean cross-entropy over labelled points, 0 where a batch has none.

    logits (N, K); target (N,) int64, 255 where the point has no label; class_weight (K,) float32.
    """
    total = F.cross_entropy(logits, target, class_weight, ignore_index=IGNORED, reduction="sum")
    weight = class_weight[target[target != IGNORED]].sum()
    return distributed.mean(total, weight)
