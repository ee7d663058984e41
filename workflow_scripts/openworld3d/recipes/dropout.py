r"""MC-Dropout (Gal and Ghahramani, ICML 2016, arXiv 1506.02142): closed-set training with dropout, kept at inference.

Networks without dropout of their own get it at their end: on the classifier's input and on that of its last layer.
REAL's code drops the gates of Cylinder3D's context block instead, as `where: gates` does. Everything before the first
dropout is computed once, and a pass costs what follows. Dropout has no parameters, so weights keep their names, and
released networks load.

Formula: \bar p = \frac{1}{T} \sum_t \mathrm{softmax}(z_t)
Cost: one training; at inference one pass, and T of what follows the first dropout.
When: you want the usual uncertainty baseline.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from openworld3d.errors import UserError
from openworld3d.networks.averaging import Passes
from openworld3d.networks.backbone import Backbone, GatedBackbone
from openworld3d.networks.inputs import Batch
from openworld3d.networks.layers.dropout import drop
from openworld3d.recipes import Recipe
from openworld3d.recipes.closed_set import supervised

BEGINS_WITH: str = "train"
TRAINS_ON_UNKNOWN: bool = False
OUTPUTS: tuple[str, ...] = ("logits", "mutual_information", "class_variance")
TRAINING_KEYS: dict[str, Any] = {
    "dropout": {
        "description": "the share of values that each dropout sets to 0, a number from 0 and below 1",
        "type": "number",
        "minimum": 0,
        "exclusiveMaximum": 1,
    },
    "where": {
        "description": "classifier, whose input and last layer drop values, or gates, those of Cylinder3D's context "
        "block as in REAL's code; classifier where it is left out",
        "enum": ["classifier", "gates"],
        "default": "classifier",
    },
    "lovasz_weight": {"$ref": "#/$defs/lovasz_weight", "default": 0.0},
}
INFERENCE_KEYS: dict[str, Any] = {
    "passes": {"$ref": "#/$defs/passes", "default": 10},
}


@dataclass(frozen=True)
class Dropout(Recipe):
    """Closed-set training with dropout, and several passes at inference."""

    dropout: float
    where: str
    lovasz_weight: float
    passes: int

    def adapt(self, network: Backbone) -> None:
        """Tell a network that its gates are dropped; raises a UserError where it has none."""
        if self.where == "gates":
            if not isinstance(network, GatedBackbone):
                raise UserError(
                    f"recipe of kind dropout: where is gates, but {type(network).__name__} has none; choose a "
                    "backbone with network cylinder3d, or leave where out"
                )
            network.drops_gates = True

    def loss(self, network: Backbone, batch: Batch, class_weight: Tensor) -> tuple[Tensor, Tensor]:
        """Return the loss of `closed_set` and the logits (N, K), both with dropout."""
        before = self.undropped(network, batch.feature, batch.geometry)
        logits = self.classify(network, before, batch.geometry, None)
        return supervised(logits, batch.target, class_weight, self.lovasz_weight), logits[:, : len(class_weight)]

    def outputs(
        self, network: Backbone, feature: Tensor, geometry: Any, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """Return the outputs of `Passes`: logits (N, K), mutual_information and class_variance (N, 1).

        Batch normalisation stays in evaluation mode.
        """
        before = self.undropped(network, feature, geometry)
        passes = Passes()
        for _ in range(self.passes):
            passes.add(self.classify(network, before, geometry, generator))
        return passes.outputs()

    def undropped(self, network: Backbone, feature: Tensor, geometry: Any) -> Any:
        """Return what comes before the first dropout."""
        if isinstance(network, GatedBackbone) and network.drops_gates:
            return network.ungated(feature, geometry)
        return network.decode(feature, geometry)

    def classify(self, network: Backbone, before: Any, geometry: Any, generator: torch.Generator | None) -> Tensor:
        """Return the logits of one pass with masks of its own: -> (N, K)."""
        if isinstance(network, GatedBackbone) and network.drops_gates:
            gated = network.gated(before, geometry, self.dropout, generator)
            return network.logits(network.classifier, gated, geometry)
        features = network.features(drop(before, self.dropout, generator))
        return network.apply_last_layer(network.last_layer, drop(features, self.dropout, generator), geometry)


RECIPE: type[Recipe] = Dropout
