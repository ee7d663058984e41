r"""Closed-set training: cross-entropy over the known classes; unknown and void points have no label.

With `lovasz_weight` above 0, Lovász-softmax is added, which is closer to the mean IoU; Cylinder3D trains with 1.

Formula: -\frac{\sum_i \omega_{y_i} \log \mathrm{softmax}(z_i)_{y_i}}{\sum_i \omega_{y_i}}
Cost: one training; one pass at inference.
When: you compare anything: all scores of `logits` and `features` read its outputs, and most recipes start from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from openworld3d.networks.backbone import Backbone
from openworld3d.networks.inputs import Batch
from openworld3d.recipes import Recipe
from openworld3d.recipes.parts.losses import lovasz_softmax, mean_cross_entropy

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
    "lovasz_weight": {"$ref": "#/$defs/lovasz_weight", "default": 0.0},
}
INFERENCE_KEYS: dict[str, Any] = {}


@dataclass(frozen=True)
class ClosedSet(Recipe):
    """Closed-set training."""

    lovasz_weight: float

    def loss(self, network: Backbone, batch: Batch, class_weight: Tensor) -> tuple[Tensor, Tensor]:
        """Return the loss of a batch, `supervised`, and the logits of the known classes (N, K)."""
        logits = network(batch.feature, batch.geometry)
        return supervised(logits, batch.target, class_weight, self.lovasz_weight), logits[:, : len(class_weight)]

    def outputs(
        self, network: Backbone, feature: Tensor, geometry: Any, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """Return logits (N, K), and features (N, F), the input of the last layer."""
        features = network.features(network.decode(feature, geometry))
        return {"logits": network.apply_last_layer(network.last_layer, features, geometry), "features": features}


RECIPE: type[Recipe] = ClosedSet


def supervised(logits: Tensor, target: Tensor, class_weight: Tensor, lovasz_weight: float) -> Tensor:
    """Return the mean cross-entropy plus `lovasz_weight` times Lovász-softmax, over labelled points."""
    loss = mean_cross_entropy(logits, target, class_weight)
    return loss + lovasz_weight * lovasz_softmax(logits, target) if lovasz_weight else loss
