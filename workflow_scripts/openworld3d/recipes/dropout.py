"""MC-Dropout (Gal and Ghahramani, ICML 2016, arXiv 1506.02142): closed-set training with dropout, kept at inference.

Stratified Transformer drops residual branches alone, so the recipe puts dropout where REAL's code has it, at the end:
on the decoder's output, and on the input of the last linear layer. Everything before the first of them is computed
once, and a pass costs the classifier. Dropout has no parameters, so that names are as without it, and released
networks load.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from openworld3d.networks.averaging import Passes
from openworld3d.networks.backbone import Backbone
from openworld3d.networks.inputs import Batch
from openworld3d.recipes import Recipe
from openworld3d.recipes.closed_set import mean_cross_entropy

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
}
INFERENCE_KEYS: dict[str, Any] = {
    "passes": {"$ref": "#/$defs/passes", "default": 10},
}


@dataclass(frozen=True)
class Dropout(Recipe):
    """Closed-set training with dropout, and several passes at inference."""

    dropout: float
    passes: int

    def loss(self, network: Backbone, batch: Batch, class_weight: Tensor) -> tuple[Tensor, Tensor]:
        """Return the loss of `closed_set` and the logits (N, K), both with dropout."""
        logits = classify(network, network.decode(batch.feature, batch.geometry), self.dropout, None)
        return mean_cross_entropy(logits, batch.target, class_weight), logits

    def outputs(
        self, network: Backbone, feature: Tensor, geometry: Any, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """Return the outputs of `Passes`: logits (N, K), mutual_information and class_variance (N, 1).

        Batch normalisation stays in evaluation mode.
        """
        decoded = network.decode(feature, geometry)
        passes = Passes()
        for _ in range(self.passes):
            passes.add(classify(network, decoded, self.dropout, generator))
        return passes.outputs()


RECIPE: type[Recipe] = Dropout


def classify(network: Backbone, decoded: Tensor, rate: float, generator: torch.Generator | None) -> Tensor:
    """Return the logits of one pass with masks of its own: (N, C) -> (N, K)."""
    features = network.features(drop(decoded, rate, generator))
    return network.last_layer(drop(features, rate, generator))


def drop(value: Tensor, rate: float, generator: torch.Generator | None) -> Tensor:
    """Return value * m / (1 - rate), m independent and 0 with probability `rate`; torch's own takes no generator."""
    kept = torch.rand(value.shape, generator=generator, device=value.device) >= rate  # faster than bernoulli_
    return value * kept / (1 - rate)
