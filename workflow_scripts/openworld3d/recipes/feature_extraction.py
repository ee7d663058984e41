r"""Feature extraction, the baseline that learns little: fine-tuning of the new classes' rows, with all else frozen.

Batch normalisation and stochastic depth are frozen with the backbone.

Formula: \mathrm{CE}(z, y) \text{ over points of the new classes}
Cost: a short training per step.
When: you want to know what a step gains at least, with no features forgotten.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import Tensor

from openworld3d.networks.backbone import Backbone
from openworld3d.networks.inputs import Batch
from openworld3d.recipes import Recipe
from openworld3d.recipes.fine_tuning import FineTuning

BEGINS_WITH: str = "train"
TRAINS_ON_UNKNOWN: bool = False
STARTS_FROM: list[str] = ["closed_set", "feature_extraction"]
OLD_LABELS: str = "void"
OUTPUTS: tuple[str, ...] = ("logits",)
TRAINING_KEYS: dict[str, Any] = {
    "start_from": {"$ref": "#/$defs/start_from"},
    "teaches": {"$ref": "#/$defs/teaches"},
}
INFERENCE_KEYS: dict[str, Any] = {}


@dataclass(frozen=True)
class FeatureExtraction(FineTuning):
    """Fine-tuning of the new classes' rows."""

    def adapt(self, network: Backbone) -> None:
        """Freeze a network, and add rows of the last layer that are not frozen."""
        for parameter in network.parameters():
            parameter.requires_grad_(False)
        super().adapt(network)

    def loss(self, network: Backbone, batch: Batch, class_weight: Tensor) -> tuple[Tensor, Tensor]:
        """Return the loss of fine-tuning and the logits (N, K), of a network in evaluation mode."""
        network.eval()  # the loop puts it into training mode, in which batch normalisation would move
        return super().loss(network, batch, class_weight)


RECIPE: type[Recipe] = FeatureExtraction
