"""Feature extraction, the baseline that learns little: as fine-tuning, but all that the network was stays as it is.

Only the rows of the new classes learn; the backbone is frozen, batch normalisation and stochastic depth among it.
"""

from __future__ import annotations

from typing import Any, Mapping

from torch import Tensor

from openworld3d.networks.backbone import Backbone
from openworld3d.networks.inputs import Batch
from openworld3d.recipes import fine_tuning

BEGINS_WITH: str = "train"
TEACHES_UNKNOWN: bool = False
STARTS_FROM: list[str] = ["closed_set", "feature_extraction"]
OLD_LABELS: str = "void"
OUTPUTS: tuple[str, ...] = ("logits",)
TRAINING_KEYS: dict[str, Any] = {
    "start_from": {"$ref": "#/$defs/start_from"},
    "teaches": {"$ref": "#/$defs/teaches"},
}
INFERENCE_KEYS: dict[str, Any] = {}

outputs = fine_tuning.outputs


def adapt(network: Backbone, recipe: Mapping[str, Any]) -> None:
    """Freeze a network, and give it rows of the last layer that are not."""
    for parameter in network.parameters():
        parameter.requires_grad_(False)
    fine_tuning.adapt(network, recipe)


def loss(network: Backbone, batch: Batch, class_weight: Tensor, recipe: Mapping[str, Any]) -> tuple[Tensor, Tensor]:
    """Return the loss of fine-tuning and the logits (N, K), of a network in evaluation mode."""
    network.eval()  # the loop puts it into training mode, in which batch normalisation would move
    return fine_tuning.loss(network, batch, class_weight, recipe)
