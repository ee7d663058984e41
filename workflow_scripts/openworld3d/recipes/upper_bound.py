r"""The upper bound: training in which the unknown classes are labelled too, which no other recipe may do.

As REAL has it (Cen et al., ECCV 2022, arXiv 2207.01452): a fully supervised network, and its probability that a point
is of an unknown class. REAL's SemanticKITTI has one such class; of nuScenes' four its code takes the largest
probability, where the default here is their sum, the probability that the point is of any of them. Unknown points are
never removed, and may be predicted as what they are.

Formula: -\frac{\sum_i \omega_{y_i} \log \mathrm{softmax}(z_i)_{y_i}}{\sum_i \omega_{y_i}}
Cost: one training; one pass at inference.
When: you want to know the best that can be reached, with labels of the unknown.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from openworld3d.networks.backbone import Backbone
from openworld3d.recipes import Recipe
from openworld3d.recipes.closed_set import ClosedSet

BEGINS_WITH: str = "train"
TRAINS_ON_UNKNOWN: bool = True
OUTPUTS: tuple[str, ...] = ("logits", "unknown_log_odds")
TRAINING_KEYS: dict[str, Any] = {
    "lovasz_weight": {"$ref": "#/$defs/lovasz_weight", "default": 0.0},
}
INFERENCE_KEYS: dict[str, Any] = {
    "unknown_classes": {
        "description": "summed, or largest, as REAL's code has it on nuScenes: which probability of the unknown "
        "classes counts; summed where it is left out",
        "enum": ["summed", "largest"],
        "default": "summed",
    },
}


@dataclass(frozen=True)
class UpperBound(ClosedSet):
    """The loss of closed-set training, over all classes."""

    unknown_classes: str

    def outputs(
        self, network: Backbone, feature: Tensor, geometry: Any, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """Return logits (N, all classes) and unknown_log_odds (N, 1).

        log(sum_u e^{z_u} / sum_k e^{z_k}) over unknown classes u and all others k, or u the likeliest unknown class
        alone and k all others: the log-odds of the probability, which do not round to 0 or 1.
        """
        logits = network(feature, geometry)
        counted = torch.zeros_like(logits, dtype=torch.bool)
        counted[:, list(self.unknown_columns)] = True
        if self.unknown_classes == "largest" and self.unknown_columns:
            likeliest = logits.masked_fill(~counted, float("-inf")).argmax(1, keepdim=True)
            counted = torch.zeros_like(counted).scatter(1, likeliest, True)
        log_odds = log_sum(logits, counted) - log_sum(logits, ~counted)  # (N, 1)
        return {"logits": logits, "unknown_log_odds": log_odds}


RECIPE: type[Recipe] = UpperBound


def log_sum(logits: Tensor, counted: Tensor) -> Tensor:
    """Return log sum e^z over the columns that count, -inf without any: (N, C), (N, C) bool -> (N, 1)."""
    return torch.logsumexp(logits.masked_fill(~counted, float("-inf")), 1, keepdim=True)
