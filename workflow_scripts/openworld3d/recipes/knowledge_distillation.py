r"""PDF's incremental learning (CVPR 2024, arXiv 2404.00979): distillation at all points but those of the new classes.

A single loss: at points of the new classes the target is their label; at all others, labelled or not, it is the
probability that the network that the step starts from gives each class that it knew. Each new class has its own row
beside those of the last layer. A decoder of the unknown is not carried over, as it is not in the released code.

Formula: \mathrm{mean}_i \mathrm{KL}(t_i, p_i), \quad t_i = y_i \text{ at points of the new classes, else
the earlier } p_i
Cost: a short training per step, with a pass of the earlier network in each step.
When: classes that PDF found unknown are to be learned.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from openworld3d.networks import distributed
from openworld3d.networks.backbone import Backbone
from openworld3d.networks.inputs import Batch
from openworld3d.protocols.protocol import IGNORED
from openworld3d.recipes import Recipe
from openworld3d.recipes.fine_tuning import all_logits
from openworld3d.recipes.learning_without_forgetting import Distilling

BEGINS_WITH: str = "train"
TRAINS_ON_UNKNOWN: bool = False
STARTS_FROM: list[str] = ["closed_set", "pdf", "knowledge_distillation"]
OLD_LABELS: str = "void"
OUTPUTS: tuple[str, ...] = ("logits",)
TRAINING_KEYS: dict[str, Any] = {
    "start_from": {"$ref": "#/$defs/start_from"},
    "teaches": {"$ref": "#/$defs/teaches"},
}
INFERENCE_KEYS: dict[str, Any] = {}


@dataclass(frozen=True)
class KnowledgeDistillation(Distilling):
    """Labels for the new classes, the teacher's probabilities for all others."""

    def loss(self, network: Backbone, batch: Batch, class_weight: Tensor) -> tuple[Tensor, Tensor]:
        """Return the mean of KL(t, softmax(z)), t the label or the teacher's probability, and the logits z (N, K)."""
        logits = all_logits(network, batch.feature, batch.geometry)
        return divergence(logits, self.old_logits(batch), batch.target), logits


RECIPE: type[Recipe] = KnowledgeDistillation


def divergence(logits: Tensor, before: Tensor, target: Tensor) -> Tensor:
    """Return the mean over points of sum_k t_k (log t_k - log softmax(z)_k), 0 log 0 being 0.

    logits z (N, K); before (N, O), those of the O classes that were known, of which t is the softmax where target
    (N,) int64 is 255, and 0 in the columns of new classes; elsewhere t is 1 in the target's column.
    """
    log_probability = torch.log_softmax(logits.float(), 1)
    old = before.shape[1]
    teacher = torch.log_softmax(before.float(), 1)  # (N, O)
    distilled = (teacher.exp() * (teacher - log_probability[:, :old])).sum(1)  # (N,)
    novel = target != IGNORED
    labelled = -log_probability.gather(1, target.masked_fill(~novel, 0)[:, None])[:, 0]  # (N,)
    total = torch.where(novel, labelled, distilled).sum()
    return distributed.mean(total, total.new_tensor(float(len(target))))
