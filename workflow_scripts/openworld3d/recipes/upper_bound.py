"""The upper bound: training in which the unknown classes are labelled too, which no other recipe may do.

As REAL has it (Cen et al., ECCV 2022, arXiv 2207.01452): a fully supervised network, and its probability that a point
is of one of the unknown classes. Unknown points are never removed, and may be predicted as what they are.
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
TRAINING_KEYS: dict[str, Any] = {}
INFERENCE_KEYS: dict[str, Any] = {}


@dataclass(frozen=True)
class UpperBound(ClosedSet):
    """The loss of closed-set training, over all classes."""

    def outputs(
        self, network: Backbone, feature: Tensor, geometry: Any, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """Return logits (N, all classes) and unknown_log_odds (N, 1).

        log(sum_u e^{z_u} / sum_k e^{z_k}) over unknown classes u and known classes k: the log-odds of the probability
        that a point is unknown, which do not round to 0 or 1.
        """
        logits = network(feature, geometry)
        is_unknown = torch.zeros(logits.shape[1], dtype=torch.bool)
        is_unknown[list(self.unknown_columns)] = True
        unknown, known = logits[:, is_unknown], logits[:, ~is_unknown]
        log_odds = torch.logsumexp(unknown, 1, keepdim=True) - torch.logsumexp(known, 1, keepdim=True)  # (N, 1)
        return {"logits": logits, "unknown_log_odds": log_odds}


RECIPE: type[Recipe] = UpperBound
