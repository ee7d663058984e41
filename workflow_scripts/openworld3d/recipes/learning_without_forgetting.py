r"""Learning without forgetting (Li and Hoiem, ECCV 2016, arXiv 1606.09282): distillation of the old classes' logits.

Like fine-tuning, but at every point the logits of the old classes are held to those of the network that the step
starts from, softened by a temperature: no label of the old classes is read.

Formula: \mathrm{CE}(z, y) + w \, T^2 \mathrm{mean}_i
\mathrm{KL}\!\left(\mathrm{softmax}(z_i^\text{earlier} / T), \mathrm{softmax}(z_i / T)\right)
Cost: a short training per step, with a pass of the earlier network in each step.
When: you want the classical baseline against forgetting.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from openworld3d.networks import distributed
from openworld3d.networks.backbone import Backbone
from openworld3d.networks.inputs import Batch
from openworld3d.recipes import Recipe
from openworld3d.recipes.fine_tuning import FineTuning, all_logits

BEGINS_WITH: str = "train"
TRAINS_ON_UNKNOWN: bool = False
STARTS_FROM: list[str] = ["closed_set", "learning_without_forgetting"]
OLD_LABELS: str = "void"
OUTPUTS: tuple[str, ...] = ("logits",)
TRAINING_KEYS: dict[str, Any] = {
    "start_from": {"$ref": "#/$defs/start_from"},
    "teaches": {"$ref": "#/$defs/teaches"},
    "distillation_weight": {
        "description": "weight of the distillation, a number above 0; 1 where it is left out",
        "$ref": "#/$defs/positive",
        "default": 1.0,
    },
    "temperature": {
        "description": "by which its logits are divided, a number above 0; 2 where it is left out, as in the paper",
        "$ref": "#/$defs/positive",
        "default": 2.0,
    },
}
INFERENCE_KEYS: dict[str, Any] = {}


@dataclass(frozen=True)
class Distilling(FineTuning):
    """Fine-tuning with a teacher, the network that the step starts from."""

    teacher: list[Backbone] = field(default_factory=list, init=False, repr=False, compare=False)

    def started(self, network: Backbone) -> None:
        """Keep the network as it is when the step starts."""
        self.teacher[:] = [copy.deepcopy(network).eval()]

    def old_logits(self, batch: Batch) -> Tensor:
        """Return the teacher's logits of the classes before this step: (N, O)."""
        with torch.no_grad():
            logits = all_logits(self.teacher[0].to(batch.feature.device), batch.feature, batch.geometry)
        return logits[:, : logits.shape[1] - len(self.teaches)]


@dataclass(frozen=True)
class LearningWithoutForgetting(Distilling):
    """Fine-tuning, and distillation at a temperature."""

    distillation_weight: float
    temperature: float

    def loss(self, network: Backbone, batch: Batch, class_weight: Tensor) -> tuple[Tensor, Tensor]:
        """Return the loss of fine-tuning plus the weighted distillation, and the logits (N, K)."""
        plain, logits = super().loss(network, batch, class_weight)
        before = self.old_logits(batch)
        term = distillation(logits[:, : before.shape[1]], before, self.temperature)
        return plain + self.distillation_weight * term, logits


RECIPE: type[Recipe] = LearningWithoutForgetting


def distillation(logits: Tensor, before: Tensor, temperature: float) -> Tensor:
    """Return T^2 times the mean of KL(softmax(before / T), softmax(logits / T)) over points: (N, K) each.

    T^2 keeps gradients as large as without it (Hinton et al., 2015, arXiv 1503.02531).
    """
    divergence = F.kl_div(
        torch.log_softmax(logits / temperature, 1), torch.softmax(before / temperature, 1), reduction="sum"
    )
    return distributed.mean(temperature**2 * divergence, torch.tensor(float(len(logits)), device=logits.device))
