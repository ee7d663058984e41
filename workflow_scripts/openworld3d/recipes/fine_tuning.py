r"""Fine-tuning, the baseline that forgets: a step trains on the labels of its classes and preserves nothing else.

Each new class has its own row beside those of the last layer. Points of other classes have no label.

Formula: \mathrm{CE}(z, y) \text{ over points of the new classes}
Cost: a short training per step.
When: you want to know what a step forgets when nothing preserves the old classes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Sequence, cast

import torch
from torch import Tensor, nn

from openworld3d.networks.backbone import Backbone
from openworld3d.networks.inputs import Batch
from openworld3d.recipes import Recipe
from openworld3d.recipes.parts.losses import mean_cross_entropy

BEGINS_WITH: str = "train"
TRAINS_ON_UNKNOWN: bool = False
STARTS_FROM: list[str] = ["closed_set", "fine_tuning"]
OLD_LABELS: str = "void"
OUTPUTS: tuple[str, ...] = ("logits",)
TRAINING_KEYS: dict[str, Any] = {
    "start_from": {"$ref": "#/$defs/start_from"},
    "teaches": {"$ref": "#/$defs/teaches"},
}
INFERENCE_KEYS: dict[str, Any] = {}


@dataclass(frozen=True)
class FineTuning(Recipe):
    """Training on the labels of the new classes."""

    teaches: Sequence[str]

    def adapt(self, network: Backbone) -> None:
        """Give a network a row of the last layer for each class learned since: (N, F) -> (N, learned)."""
        network.novel = network.new_last_layer(len(self.taught))

    def loss(self, network: Backbone, batch: Batch, class_weight: Tensor) -> tuple[Tensor, Tensor]:
        """Return the mean cross-entropy of a batch over all classes, and the logits (N, K)."""
        logits = all_logits(network, batch.feature, batch.geometry)
        return mean_cross_entropy(logits, batch.target, class_weight), logits

    def outputs(
        self, network: Backbone, feature: Tensor, geometry: Any, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """Return logits (N, K)."""
        return {"logits": all_logits(network, feature, geometry)}


RECIPE: type[Recipe] = FineTuning


def all_logits(network: Backbone, feature: Tensor, geometry: Any) -> Tensor:
    """Return the logits of the classes known from the beginning, then of those learned since: (N, K)."""
    features = network.features(network.decode(feature, geometry))  # (N, F)
    old, _ = network.by_taught(network.apply_last_layer(network.last_layer, features, geometry))
    novel = network.apply_last_layer(cast(nn.Module, network.novel), features, geometry)
    return torch.cat([old, novel], 1)
