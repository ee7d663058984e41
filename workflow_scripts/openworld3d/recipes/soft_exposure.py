r"""Soft outlier exposure: relative energy, and a term that makes unlabelled points probably unknown.

An ablation of one idea of NDP (Li et al., Neural Distribution Prior for LiDAR Out-of-Distribution Detection, CVPR
2026, arXiv 2604.09232; github.com/343gltysprk/ndp at ad4d197, trainer/pq_trainer.py) on this project's networks, not
that method. Taken from it: the term, sigma(s) at points of known classes and max(0, 0.9 - sigma(s)) at unlabelled
ones, in one mean. All else is that of `relative_energy`, from which this differs by the term alone. In NDP, s is the
extended energy, times a weight by attention to a learned prior, plus a bias; the logistic loss weighs the unknown
10,000 times; Perlin noise makes the unknown points; unlabelled points count from 2.5 to 50 m. The code was read, and
of the paper the abstract and others' notes.

The unlabelled points decide what the network learns from the term. With `unknown_points: ignore` they include unknown
objects, as NDP's training includes SemanticKITTI's other-structure and other-object, and the network is trained to
call these unknown without their name: such a row is not comparable with recipes that leave them alone. With `remove`,
only void is exposed.

Formula: L_\mathrm{relative\ energy} + \lambda\, \mathrm{mean}\left(\sigma(s_\mathrm{known}),
\max(0, 0.9 - \sigma(s_\mathrm{unlabelled}))\right)
Cost: that of `relative_energy`.
When: training scenes have unlabelled points to learn from, and none of them is of an unknown class of the protocol.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from openworld3d.networks import distributed
from openworld3d.networks.inputs import Batch
from openworld3d.protocols.protocol import IGNORED
from openworld3d.recipes import Recipe
from openworld3d.recipes.relative_energy import RelativeEnergy

BEGINS_WITH: str = "train"
TRAINS_ON_UNKNOWN: bool = False
STARTS_FROM: list[str] = ["closed_set"]
OUTPUTS: tuple[str, ...] = ("logits", "unknown_logit")
TRAINING_KEYS: dict[str, Any] = {
    "start_from": {"$ref": "#/$defs/start_from"},
    "raised_classes": {"$ref": "#/$defs/raised_classes", "role": "sources"},
    "raised_clusters": {"$ref": "#/$defs/raised_clusters", "default": 1},
    "raised_radius": {"$ref": "#/$defs/raised_radius", "default": 0.5},
    "raised_height": {"$ref": "#/$defs/raised_height", "default": 0.5},
    "raised_weight": {"$ref": "#/$defs/raised_weight", "default": 10.0},
    "exposure_weight": {
        "description": "what the term counts, a number above 0; 1 where it is left out, as released",
        "$ref": "#/$defs/positive",
        "default": 1.0,
    },
}
INFERENCE_KEYS: dict[str, Any] = {}

SOFT = 0.9  # the probability of the unknown above which an unlabelled point costs nothing


@dataclass(frozen=True)
class SoftExposure(RelativeEnergy):
    """Relative energy with soft outlier exposure."""

    exposure_weight: float

    def energy_loss(self, energy: Tensor, batch: Batch, known: int) -> Tensor:
        """Return the loss of `relative_energy` plus `exposure_weight` times `exposure`."""
        # A process without a cloud of its own has a stand-in, whose points are all unlabelled and must not count.
        unlabelled = (batch.target == IGNORED) & bool(batch.keys)
        term = exposure(energy, batch.target < known, unlabelled)
        return super().energy_loss(energy, batch, known) + self.exposure_weight * term


RECIPE: type[Recipe] = SoftExposure


def exposure(energy: Tensor, of_known: Tensor, unlabelled: Tensor) -> Tensor:
    """Return the mean of sigma(s) over known points and max(0, 0.9 - sigma(s)) over unlabelled ones, 0 without any.

    energy s (N,), higher for the unknown; of_known and unlabelled (N,) bool.
    """
    probability = torch.sigmoid(energy)
    total = probability[of_known].sum() + torch.relu(SOFT - probability[unlabelled]).sum()
    return distributed.mean(total, (of_known.sum() + unlabelled.sum()).to(total.dtype))
