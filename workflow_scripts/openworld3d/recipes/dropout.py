"""MC-Dropout (Gal and Ghahramani, ICML 2016, arXiv 1506.02142): closed-set training with dropout, kept at inference.

Stratified Transformer drops residual branches alone, so the recipe puts dropout where REAL's code has it, at the end:
on the decoder's output, and on the input of the last linear layer. All before the first of them is computed once, and
a pass costs the classifier. Dropout has no parameters, so that names are as without it, and released networks load.
"""

from __future__ import annotations

from typing import Any, Mapping

import torch
from torch import Tensor

from openworld3d.networks.averaging import Passes
from openworld3d.networks.backbone import Backbone
from openworld3d.networks.inputs import Batch
from openworld3d.recipes.closed_set import mean_cross_entropy

BEGINS_WITH: str = "train"
TEACHES_UNKNOWN: bool = False
OUTPUTS: tuple[str, ...] = ("logits", "mutual_information", "class_variance")
TRAINING_KEYS: dict[str, Any] = {
    "dropout": {
        "description": "the share of values that each dropout puts to 0, a number from 0 and below 1",
        "type": "number",
        "minimum": 0,
        "exclusiveMaximum": 1,
    },
}
INFERENCE_KEYS: dict[str, Any] = {
    "passes": {"$ref": "#/$defs/passes", "default": 10},
}


def loss(network: Backbone, batch: Batch, class_weight: Tensor, recipe: Mapping[str, Any]) -> tuple[Tensor, Tensor]:
    """Return the loss of `closed_set` and the logits (N, K), both with dropout drawn from torch's global state."""
    logits = classify(network, network.decode(batch.feature, batch.geometry), recipe["dropout"], None)
    return mean_cross_entropy(logits, batch.target, class_weight), logits


def outputs(
    network: Backbone, feature: Tensor, geometry: Any, recipe: Mapping[str, Any], generator: torch.Generator
) -> dict[str, Tensor]:
    """Return what `Passes` makes of the recipe's passes: logits (N, K), mutual_information and class_variance (N, 1).

    Batch normalisation is as the network stands, in evaluation mode wherever outputs are asked for.
    """
    decoded = network.decode(feature, geometry)
    passes = Passes()
    for _ in range(recipe["passes"]):
        passes.add(classify(network, decoded, recipe["dropout"], generator))
    return passes.outputs()


def classify(network: Backbone, decoded: Tensor, rate: float, generator: torch.Generator | None) -> Tensor:
    """Return the logits of one pass with masks of its own: (N, C) -> (N, K)."""
    hidden = network.classifier[:-1](drop(decoded, rate, generator))
    return network.classifier[-1](drop(hidden, rate, generator))


def drop(value: Tensor, rate: float, generator: torch.Generator | None) -> Tensor:
    """Return value * m / (1 - rate), m independent and 0 with probability `rate`; torch's own takes no generator."""
    kept = torch.rand(value.shape, generator=generator, device=value.device) >= rate  # sooner than bernoulli_
    return value * kept / (1 - rate)
