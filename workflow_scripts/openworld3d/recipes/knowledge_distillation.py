"""PDF's incremental learning (CVPR 2024, arXiv 2404.00979): the network before teaches all but the new classes.

A single loss: at points of the classes that are taught, the target is their label; at all others, labelled or not, it
is the probability that the network of the step before gives each class that it knew. Each new class has a row of its
own beside those of the last layer, and no decoder of the unknown goes on, as none does in the released code.
"""

from __future__ import annotations

from typing import Any, List, Mapping, cast

import torch
from torch import Tensor

from openworld3d.networks import distributed
from openworld3d.networks.backbone import Backbone
from openworld3d.networks.inputs import Batch
from openworld3d.protocols.protocol import IGNORED
from openworld3d.recipes import fine_tuning, learning_without_forgetting

BEGINS_WITH: str = "train"
TEACHES_UNKNOWN: bool = False
STARTS_FROM: list[str] = ["closed_set", "pdf", "knowledge_distillation"]
OLD_LABELS: str = "void"
OUTPUTS: tuple[str, ...] = ("logits",)
TRAINING_KEYS: dict[str, Any] = {
    "start_from": {"$ref": "#/$defs/start_from"},
    "teaches": {"$ref": "#/$defs/teaches"},
}
INFERENCE_KEYS: dict[str, Any] = {}

adapt = fine_tuning.adapt
outputs = fine_tuning.outputs
started = learning_without_forgetting.started


def loss(network: Backbone, batch: Batch, class_weight: Tensor, recipe: Mapping[str, Any]) -> tuple[Tensor, Tensor]:
    """Return the mean of KL(t, softmax(z)), t the label or what the network before says, and the logits z (N, K)."""
    logits = fine_tuning.all_logits(network, batch.feature, batch.geometry)
    with torch.no_grad():
        teacher = cast(List[Backbone], network.before)[0].to(batch.feature.device)
        before = fine_tuning.all_logits(teacher, batch.feature, batch.geometry)
    return divergence(logits, before[:, : logits.shape[1] - len(recipe["teaches"])], batch.target), logits


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
