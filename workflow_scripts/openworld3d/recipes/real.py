r"""REAL (Cen et al., Open-world Semantic Segmentation for LIDAR Point Clouds, ECCV 2022, arXiv 2207.01452).

Redundancy classifiers, the largest of which is the logit of the unknown, beside a trained closed-set network. Two
parts train them without an unknown label: calibration, which makes the unknown the runner-up wherever a class is
known, and synthesis, which resizes objects of known classes and labels them unknown
(`openworld3d.pseudo_labels.synthesis`). A weight or share of 0 switches a part off.

Fine-tuning at the closed-set training's learning rate degrades the closed set (mIoU 58 to 37.5 in an epoch, says an
issue of the released code), so a careful config takes a tenth of that rate. The network is the last epoch's, never
the one that ranks unknown points best. In the released code the softmax of losses and score also runs over columns of
the unlabelled points and of the unknown classes, which training only ever lowers; here it does so where the backbone
has `untaught_columns`.

Formula: \mathrm{CE}([z; u], y) + \lambda_1 \mathrm{mean}_i \left(-\log \frac{e^{u_i}}{e^{u_i} + \sum_{k
\ne y_i} e^{z_{ik}}}\right)
Cost: a short training after that of the closed set; one pass at inference.
When: training scenes have countable objects that can be resized; they need not have unknown ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple, Sequence, cast

import numpy as np
import torch
from torch import Tensor, nn

from openworld3d.networks import distributed
from openworld3d.networks.backbone import Backbone
from openworld3d.networks.inputs import Batch
from openworld3d.protocols.protocol import Protocol
from openworld3d.pseudo_labels.synthesis import Synthesis, altered, source_classes
from openworld3d.recipes import Recipe
from openworld3d.recipes.parts.losses import mean_cross_entropy
from openworld3d.scenes.scene import Scene

BEGINS_WITH: str = "train"
TRAINS_ON_UNKNOWN: bool = False
STARTS_FROM: list[str] = ["closed_set"]
OUTPUTS: tuple[str, ...] = ("logits", "unknown_logit")
TRAINING_KEYS: dict[str, Any] = {
    "start_from": {"$ref": "#/$defs/start_from"},
    "redundancy": {
        "description": "redundancy classifiers, a whole number from 1; 3 where it is left out, the authors' choice",
        "$ref": "#/$defs/count",
        "default": 3,
        "role": "classifiers",
    },
    "calibration_weight": {
        "description": "lambda_1, a number from 0; 0.1 where it is left out, as for SemanticKITTI, 0.01 for nuScenes",
        "type": "number",
        "minimum": 0,
        "default": 0.1,
    },
    "unknown_weight": {"$ref": "#/$defs/unknown_weight", "default": 1.0},
    "synthesis_share": {"$ref": "#/$defs/synthesis_share", "default": 0.5},
    "synthesis_points": {"$ref": "#/$defs/synthesis_points", "default": 300},
    "synthesis_classes": {"$ref": "#/$defs/synthesis_classes", "default": [], "role": "sources"},
}
INFERENCE_KEYS: dict[str, Any] = {}


class OpenLogits(NamedTuple):
    """known (N, K); unknown (N, 1), the largest of the redundancy classifiers; untaught (N, E), of no known class."""

    known: Tensor
    unknown: Tensor
    untaught: Tensor


@dataclass(frozen=True)
class Redundancy(Recipe):
    """Redundancy classifiers with calibration, and synthesis from the classes of `sources`."""

    redundancy: int
    calibration_weight: float
    unknown_weight: float
    synthesis_share: float
    synthesis_points: int

    def sources(self) -> Sequence[str]:
        """Return the known classes whose objects are resized."""
        raise NotImplementedError

    def adapt(self, network: Backbone) -> None:
        """Give a network its redundancy classifiers: (N, C) -> (N, R), beside the classifier and made as it is."""
        network.redundancy = network.new_head(self.redundancy)

    def alter(self, scene: Scene, protocol: Protocol, generator: np.random.Generator) -> tuple[Scene, np.ndarray]:
        """Resize some objects of the sources; return the scene, and which points are theirs, (N,) bool."""
        options = Synthesis(share=self.synthesis_share, least_points=self.synthesis_points)
        return altered(scene, source_classes(protocol, self.sources()), options, generator)

    def open_logits(self, network: Backbone, feature: Tensor, geometry: Any) -> OpenLogits:
        """Return the logits of a batch.

        The first classifiers are those of the classes learned since, where there are any; K counts them.
        """
        taught = len(self.taught)
        decoded = network.decode(feature, geometry)
        redundancy = network.logits(cast(nn.Sequential, network.redundancy), decoded, geometry)  # (N, R)
        known, untaught = network.by_taught(network.logits(network.classifier, decoded, geometry))
        unknown = redundancy[:, taught:].max(1, keepdim=True)[0]
        return OpenLogits(torch.cat([known, redundancy[:, :taught]], 1), unknown, untaught)

    def loss(self, network: Backbone, batch: Batch, class_weight: Tensor) -> tuple[Tensor, Tensor]:
        """Return L_cls + lambda_1 L_cal of a batch, and the logits of the known classes (N, K).

        L_cls is the mean cross-entropy over all columns, target (N,) int64 being K where a point was synthesised,
        and lambda_2 that class's weight.
        """
        found = self.open_logits(network, batch.feature, batch.geometry)
        logits = torch.cat([found.known, found.unknown, found.untaught], 1)
        weight = torch.cat([class_weight, class_weight.new_tensor([self.unknown_weight])])
        closed = mean_cross_entropy(logits, batch.target, weight)
        return closed + self.calibration_weight * calibration(logits, batch.target, len(class_weight)), found.known

    def outputs(
        self, network: Backbone, feature: Tensor, geometry: Any, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """Return logits (N, K), from which the classes are predicted, and unknown_logit (N, 1)."""
        found = self.open_logits(network, feature, geometry)
        return {"logits": torch.cat([found.known, found.untaught], 1), "unknown_logit": found.unknown}


@dataclass(frozen=True)
class Real(Redundancy):
    """REAL's open-set training."""

    synthesis_classes: Sequence[str]

    def sources(self) -> Sequence[str]:
        """Return the key `synthesis_classes`."""
        return self.synthesis_classes


RECIPE: type[Recipe] = Real


def calibration(logits: Tensor, target: Tensor, unknown: int) -> Tensor:
    """Return L_cal: the mean of -log(e^u / (e^u + sum_{k != y} e^{z_k})) over points of known classes y.

    logits (N, C), of which the column `unknown` is u and those before it are of known classes; target (N,) int64,
    `unknown` or above where a point is of no known class.
    """
    of_known = target < unknown
    true = nn.functional.one_hot(target[of_known], logits.shape[1]).bool()  # (M, C)
    others = logits[of_known].masked_fill(true, float("-inf"))
    total = -torch.log_softmax(others, 1)[:, unknown].sum()
    return distributed.mean(total, of_known.sum().to(total.dtype))
