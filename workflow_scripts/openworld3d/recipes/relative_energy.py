r"""Relative energy: a second head of negative logits beside a trained closed-set network, trained on raised points.

An ablation of one idea of Relative Energy Learning (Li et al., arXiv 2511.06720) on this project's networks, not that
method. Taken from it: the score log sum_i e^{n_i} - log sum_i e^{z_i} of K negative logits n and K positive ones z, a
logistic loss on it with one weight against imbalance, and Point Raise, which makes unknown objects out of the ground
(`openworld3d.pseudo_labels.raising`). Different: the backbone, there Mask4Former3D with a projector beside it for all
2 K logits, while here the classifier's logits, which predict the classes, are the positive ones; and the start from a
closed-set network. Not known, as its code is not public: the weight, how many points are raised and how high, and
whether the backbone is trained too. Of the paper, only the abstract and others' notes were read.

The score is `kind: redundancy` with u = log sum_i e^{n_i}. NDP's extended energy (arXiv 2604.09232), the log-sum of
all 2 K logits less that of the positive ones, is log(1 + e^s) of this score s, and ranks alike.

Formula: s = \log \sum_i e^{n_i} - \log \sum_i e^{z_i}
Cost: the training of the closed-set network that it starts from, and a short one of the head; one pass at inference.
When: training may raise points of the ground, as outdoors, and no external data with unknown objects are available.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Sequence, cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from openworld3d.networks import distributed
from openworld3d.networks.backbone import Backbone
from openworld3d.networks.inputs import Batch
from openworld3d.protocols.protocol import IGNORED, Protocol
from openworld3d.pseudo_labels.raising import Raising, raise_points
from openworld3d.recipes import Recipe
from openworld3d.recipes.parts.losses import mean_cross_entropy
from openworld3d.recipes.parts.targets import of_known
from openworld3d.scenes.scene import Scene

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
}
INFERENCE_KEYS: dict[str, Any] = {}


@dataclass(frozen=True)
class RelativeEnergy(Recipe):
    """Negative logits, and raised points to train them on."""

    raised_classes: Sequence[str]
    raised_clusters: int
    raised_radius: float
    raised_height: float
    raised_weight: float

    def adapt(self, network: Backbone) -> None:
        """Give a network as many negative logits as it has classes: (N, C) -> (N, K), made as its classifier is."""
        columns = len(next(iter(network.last_layer.parameters())))
        network.negative = network.new_head(columns - network.untaught)

    def alter(self, scene: Scene, protocol: Protocol, generator: np.random.Generator) -> tuple[Scene, np.ndarray]:
        """Raise some points of the ground; return the scene, and which points these are, (N,) bool."""
        options = Raising(self.raised_clusters, self.raised_radius, self.raised_height)
        coord, raised = raise_points(scene, protocol, self.raised_classes, options, generator)
        return replace(scene, coord=coord), raised

    def loss(self, network: Backbone, batch: Batch, class_weight: Tensor) -> tuple[Tensor, Tensor]:
        """Return CE(z, y) + `energy_loss` of a batch, and the logits of the known classes (N, K)."""
        logits, unknown = self.open_logits(network, batch.feature, batch.geometry)
        known, _ = network.by_taught(logits)
        energy = unknown[:, 0] - torch.logsumexp(known, 1)  # (N,)
        closed = mean_cross_entropy(logits, of_known(batch.target, len(class_weight)), class_weight)
        return closed + self.energy_loss(energy, batch, len(class_weight)), known

    def energy_loss(self, energy: Tensor, batch: Batch, known: int) -> Tensor:
        """Return the mean logistic loss of the relative energy s (N,), of which raised points weigh `raised_weight`.

        log(1 + e^s) where a point is of one of the `known` classes, and log(1 + e^{-s}) where it was raised.
        """
        return logistic(energy, batch.target, known, self.raised_weight)

    def outputs(
        self, network: Backbone, feature: Tensor, geometry: Any, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """Return logits (N, K), from which the classes are predicted, and unknown_logit (N, 1)."""
        logits, unknown = self.open_logits(network, feature, geometry)
        return {"logits": logits, "unknown_logit": unknown}

    def open_logits(self, network: Backbone, feature: Tensor, geometry: Any) -> tuple[Tensor, Tensor]:
        """Return the classifier's logits (N, columns), and log sum_i e^{n_i} of the negative ones (N, 1)."""
        decoded = network.decode(feature, geometry)
        negative = network.logits(cast(nn.Sequential, network.negative), decoded, geometry)
        logits = network.logits(network.classifier, decoded, geometry)
        return logits, torch.logsumexp(negative, 1, keepdim=True)


RECIPE: type[Recipe] = RelativeEnergy


def logistic(energy: Tensor, target: Tensor, known: int, weight: float) -> Tensor:
    """Return the mean logistic loss over points that have a target, one of `known` where they were made unknown.

    energy (N,), higher for the unknown; target (N,) int64. 0 where no point has a target. A loss of the unknown
    counts `weight` times, in the sum alone, as with torch's `pos_weight`.
    """
    counted = target != IGNORED
    unknown = (target[counted] == known).to(energy.dtype)
    total = F.binary_cross_entropy_with_logits(
        energy[counted], unknown, pos_weight=energy.new_tensor(weight), reduction="sum"
    )
    return distributed.mean(total, counted.sum().to(total.dtype))
