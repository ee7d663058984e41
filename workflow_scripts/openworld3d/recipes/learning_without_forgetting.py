"""Learning without forgetting (Li and Hoiem, ECCV 2016, arXiv 1606.09282): the network before teaches its classes.

As fine-tuning, and at every point the logits of the classes that it knew are held to what the network of the step
before says of it, softened by a temperature: no label of theirs is read.
"""

from __future__ import annotations

import copy
from typing import Any, List, Mapping, cast

import torch
from torch import Tensor
from torch.nn import functional as F

from openworld3d.networks import distributed
from openworld3d.networks.backbone import Backbone
from openworld3d.networks.inputs import Batch
from openworld3d.recipes import fine_tuning

BEGINS_WITH: str = "train"
TEACHES_UNKNOWN: bool = False
STARTS_FROM: list[str] = ["closed_set", "learning_without_forgetting"]
OLD_LABELS: str = "void"
OUTPUTS: tuple[str, ...] = ("logits",)
TRAINING_KEYS: dict[str, Any] = {
    "start_from": {"$ref": "#/$defs/start_from"},
    "teaches": {"$ref": "#/$defs/teaches"},
    "distillation_weight": {
        "description": "what the term of the old classes weighs, a number above 0; 1 where it is left out",
        "type": "number",
        "exclusiveMinimum": 0,
        "default": 1.0,
    },
    "temperature": {
        "description": "by which logits are divided there, a number above 0; 2 where it is left out, as in the paper",
        "type": "number",
        "exclusiveMinimum": 0,
        "default": 2.0,
    },
}
INFERENCE_KEYS: dict[str, Any] = {}

adapt = fine_tuning.adapt
outputs = fine_tuning.outputs


def started(network: Backbone) -> None:
    """Keep the network of the step before, as it is when this one starts."""
    before: Any = [copy.deepcopy(network).eval()]  # in a list, so that it is no part of the network's state
    network.before = before


def loss(network: Backbone, batch: Batch, class_weight: Tensor, recipe: Mapping[str, Any]) -> tuple[Tensor, Tensor]:
    """Return the loss of fine-tuning plus the weighted distillation, and the logits (N, K)."""
    plain, logits = fine_tuning.loss(network, batch, class_weight, recipe)
    with torch.no_grad():
        teacher = cast(List[Backbone], network.before)[0].to(batch.feature.device)
        before = fine_tuning.all_logits(teacher, batch.feature, batch.geometry)
    old = logits.shape[1] - len(recipe["teaches"])
    term = distillation(logits[:, :old], before[:, :old], recipe["temperature"])
    return plain + recipe["distillation_weight"] * term, logits


def distillation(logits: Tensor, before: Tensor, temperature: float) -> Tensor:
    """Return T^2 times the mean of KL(softmax(before / T), softmax(logits / T)) over points: (N, K) each.

    T^2 keeps gradients as large as without it (Hinton et al., 2015, arXiv 1503.02531).
    """
    divergence = F.kl_div(
        torch.log_softmax(logits / temperature, 1), torch.softmax(before / temperature, 1), reduction="sum"
    )
    return distributed.mean(temperature**2 * divergence, torch.tensor(float(len(logits)), device=logits.device))
