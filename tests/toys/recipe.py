"""Closed-set training whose loss has a weight: a recipe for tests of how one is added."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import Tensor

from openworld3d.networks.backbone import Backbone
from openworld3d.networks.inputs import Batch
from openworld3d.recipes import Recipe
from openworld3d.recipes.closed_set import ClosedSet

BEGINS_WITH: str = "train"
TRAINS_ON_UNKNOWN: bool = False
OUTPUTS: tuple[str, ...] = ("logits", "features")
TRAINING_KEYS: dict[str, Any] = {
    "lovasz_weight": {"$ref": "#/$defs/lovasz_weight", "default": 0.0},
    "loss_weight": {"description": "a number above 0", "type": "number", "exclusiveMinimum": 0},
}
INFERENCE_KEYS: dict[str, Any] = {}


@dataclass(frozen=True)
class Toy(ClosedSet):
    """Closed-set training with a weighted loss."""

    loss_weight: float

    def loss(self, network: Backbone, batch: Batch, class_weight: Tensor) -> tuple[Tensor, Tensor]:
        """Return the weighted cross-entropy, and the logits (N, K)."""
        loss, logits = super().loss(network, batch, class_weight)
        return self.loss_weight * loss, logits


RECIPE: type[Recipe] = Toy
