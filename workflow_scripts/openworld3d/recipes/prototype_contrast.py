r"""Prototype contrast: keeps logits near the prototypes of their classes, and a second head long for known points.

An ablation of the training of LIDO (Mosco, Fusaro and Pretto, Learning to Identify Out-of-Distribution Objects for 3D
LiDAR Anomaly Segmentation, CVPR 2026, arXiv 2604.23604; github.com/SiMoM0/LIDO at 7035368, utils/losses.py) on this
project's networks, not that method. Taken from it, with prototypes m_c that are mean logits of a class, f' of a
second last layer, and the weights as released: 0.1 times the sum over classes of the mean of 1 - cos(z, m_y); 0.5
times the mean cross-entropy of cos(f', m_c) / 0.1; and 0.5 times the mean of max(0, 1 - |f'|^2). No unknown point is
made or trained on, nor is one there: the released loader gives no voxel the label 255, which would be pulled to
|f'| = 0.

Different: the start from a closed-set network, where LIDO trains a MinkUNet from scratch for 64 epochs; no Lovász
unless `lovasz_weight` says so, which is 1.5 there; m_c over recent steps and not over the epoch before; unlabelled
points have no part, while they lengthen f' there. The code was read, not the paper, whose radius others give as 5.

Formula: \mathrm{CE}(z, y) + 0.1 \sum_c \mathrm{mean}_{y = c} (1 - \cos(z, m_c)) + 0.5\, \mathrm{CE}(\cos(f', m) /
0.1, y) + 0.5\, \mathrm{mean}\, \max(0, 1 - |f'|^2)
Cost: a short training after that of the closed set; one pass at inference.
When: training should use no artificial unknown points, not even ones made from known classes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from openworld3d.networks import distributed
from openworld3d.networks.backbone import Backbone
from openworld3d.networks.inputs import Batch
from openworld3d.recipes import Recipe
from openworld3d.recipes.closed_set import supervised

BEGINS_WITH: str = "train"
TRAINS_ON_UNKNOWN: bool = False
STARTS_FROM: list[str] = ["closed_set"]
OUTPUTS: tuple[str, ...] = ("logits", "prototype_distance", "squared_norm")
TRAINING_KEYS: dict[str, Any] = {
    "start_from": {"$ref": "#/$defs/start_from"},
    "lovasz_weight": {"$ref": "#/$defs/lovasz_weight", "default": 0.0},
    "prototype_weight": {
        "description": "what the distance to prototypes counts, a number from 0; 0.1 if left out, as released",
        "type": "number",
        "minimum": 0,
        "default": 0.1,
    },
    "contrast_weight": {
        "description": "what the second head's contrast counts, a number from 0; 0.5 if left out, as released",
        "type": "number",
        "minimum": 0,
        "default": 0.5,
    },
    "length_weight": {
        "description": "what the second head's length counts, a number from 0; 0.5 if left out, as released",
        "type": "number",
        "minimum": 0,
        "default": 0.5,
    },
}
INFERENCE_KEYS: dict[str, Any] = {}

TEMPERATURE = 0.1
KEPT = 0.98  # of a prototype's weight after a step, so that it is a mean over some fifty


class Prototypes(nn.Module):
    """The running mean logits of each of K classes, in buffers that are stored with the weights."""

    total: Tensor  # (K, K) float32, weighted sums of logits
    weight: Tensor  # (K,) float32

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.register_buffer("total", torch.zeros(classes, classes))
        self.register_buffer("weight", torch.zeros(classes))

    def cosine(self, value: Tensor) -> Tensor:
        """Return the cosine to each prototype, 0 where a class has none yet: (N, K) float -> (N, K) float32."""
        return F.normalize(value.float(), dim=1) @ F.normalize(self.total, dim=1).T

    @torch.no_grad()
    def update(self, logits: Tensor, target: Tensor) -> None:
        """Add the logits (N, K) that predict their target (N,) right, weighted by their probability."""
        probability = torch.softmax(logits.float(), 1)
        confidence = probability.gather(1, target[:, None])  # (N, 1)
        right = (probability <= confidence).all(1)  # of no rows too, of which older versions of torch find no maximum
        of_class = F.one_hot(target[right], len(self.weight)).float() * confidence[right]  # (M, K)
        self.total.mul_(KEPT).add_(distributed.total(of_class.T @ logits[right].float()))
        self.weight.mul_(KEPT).add_(distributed.total(of_class.sum(0)))


@dataclass(frozen=True)
class PrototypeContrast(Recipe):
    """Closed-set training with prototypes, and a second last layer."""

    lovasz_weight: float
    prototype_weight: float
    contrast_weight: float
    length_weight: float

    def adapt(self, network: Backbone) -> None:
        """Give a network its prototypes, and a second last layer: (N, H) -> (N, K)."""
        classes = len(next(iter(network.last_layer.parameters()))) - network.untaught
        network.contrast = network.new_last_layer(classes)
        network.prototypes = Prototypes(classes)

    def loss(self, network: Backbone, batch: Batch, class_weight: Tensor) -> tuple[Tensor, Tensor]:
        """Return the loss of `closed_set` plus the three terms of a batch, and the known logits (N, K)."""
        logits, contrast = both_heads(network, batch.feature, batch.geometry)
        known, _ = network.by_taught(logits)
        prototypes = cast(Prototypes, network.prototypes)
        labelled = batch.target < len(class_weight)
        target = batch.target[labelled]
        loss = (
            supervised(logits, batch.target, class_weight, self.lovasz_weight)
            + self.prototype_weight * class_distance(prototypes.cosine(known[labelled]), target)
            + self.contrast_weight * contrastive(prototypes.cosine(contrast[labelled]), target)
            + self.length_weight * shortness(contrast[labelled])
        )
        prototypes.update(known[labelled], target)
        return loss, known

    def outputs(
        self, network: Backbone, feature: Tensor, geometry: Any, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """Return logits (N, K), prototype_distance (N, 1), 1 - max_c cos(z, m_c), and squared_norm (N, 1), |f'|^2."""
        logits, contrast = both_heads(network, feature, geometry)
        nearest = cast(Prototypes, network.prototypes).cosine(network.by_taught(logits)[0]).max(1, keepdim=True)[0]
        return {
            "logits": logits,
            "prototype_distance": 1 - nearest,
            "squared_norm": contrast.square().sum(1, keepdim=True),
        }


RECIPE: type[Recipe] = PrototypeContrast


def both_heads(network: Backbone, feature: Tensor, geometry: Any) -> tuple[Tensor, Tensor]:
    """Return the logits (N, columns), and f' (N, K) of the second last layer."""
    features = network.features(network.decode(feature, geometry))
    logits = network.apply_last_layer(network.last_layer, features, geometry)
    return logits, network.apply_last_layer(cast(nn.Module, network.contrast), features, geometry)


def class_distance(cosine: Tensor, target: Tensor) -> Tensor:
    """Return the sum over classes of the mean of 1 - cos(z, m_y): cosine (M, K), target (M,)."""
    own = F.one_hot(target, cosine.shape[1]).to(cosine.dtype)  # (M, K)
    return distributed.mean(((1 - cosine) * own).sum(0), own.sum(0)).sum()


def contrastive(cosine: Tensor, target: Tensor) -> Tensor:
    """Return the mean cross-entropy of cos(f', m_c) / 0.1: cosine (M, K), target (M,)."""
    total = F.cross_entropy(cosine / TEMPERATURE, target, reduction="sum")
    return distributed.mean(total, total.new_tensor(float(len(target))))


def shortness(contrast: Tensor) -> Tensor:
    """Return the mean of max(0, 1 - |f'|^2), the objectosphere loss of known points: (M, K)."""
    total = torch.relu(1 - contrast.float().square().sum(1)).sum()
    return distributed.mean(total, total.new_tensor(float(len(contrast))))
