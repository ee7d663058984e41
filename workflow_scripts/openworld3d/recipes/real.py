"""REAL (Cen et al., Open-world Semantic Segmentation for LIDAR Point Clouds, ECCV 2022, arXiv 2207.01452).

Redundancy classifiers, the largest of which is the logit of the unknown, beside a trained closed-set network. Two
parts train them without an unknown label: calibration, which makes the unknown the runner-up wherever a class is
known, and synthesis, which resizes objects of known classes and labels them unknown
(`openworld3d.pseudo_labels.synthesis`). A weight or share of 0 switches a part off.

Fine-tuning at the closed-set training's learning rate loses the closed set (mIoU 58 to 37.5 in an epoch, says an
issue of the released code), so a config gives it a tenth of that rate. The network is the last epoch's, never the one
that ranks unknown points best.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Sequence, cast

import numpy as np
import torch
from torch import Tensor, nn

from openworld3d.networks import distributed
from openworld3d.networks.backbone import Backbone
from openworld3d.networks.inputs import Batch
from openworld3d.networks.layers.batch_norm import BatchNorm
from openworld3d.protocols.protocol import Protocol
from openworld3d.pseudo_labels.synthesis import Synthesis, altered, source_classes
from openworld3d.recipes import Recipe
from openworld3d.recipes.closed_set import mean_cross_entropy
from openworld3d.scenes.scene import Scene

BEGINS_WITH: str = "train"
TRAINS_ON_UNKNOWN: bool = False
STARTS_FROM: list[str] = ["closed_set"]
OUTPUTS: tuple[str, ...] = ("logits", "unknown_logit")
TRAINING_KEYS: dict[str, Any] = {
    "start_from": {"$ref": "#/$defs/start_from"},
    "redundancy": {
        "description": "redundancy classifiers, a whole number from 1; 3 where it is left out, the authors' choice",
        "type": "integer",
        "minimum": 1,
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
    "synthesis_share": {
        "description": "the probability that an object is resized, in 0..1; 0.5 where it is left out",
        "type": "number",
        "minimum": 0,
        "maximum": 1,
        "default": 0.5,
    },
    "synthesis_points": {"$ref": "#/$defs/synthesis_points", "default": 300},
    "synthesis_classes": {
        "description": "a list of known classes whose objects are resized; left out where they are all known things, "
        "as in the released code, while the paper takes car of SemanticKITTI and car, bus, truck of nuScenes",
        "type": "array",
        "uniqueItems": True,
        "items": {"type": "string"},
        "default": [],
        "role": "sources",
    },
}
INFERENCE_KEYS: dict[str, Any] = {}


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
        channels = network.decoded_channels
        network.redundancy = nn.Sequential(
            nn.Linear(channels, channels),
            BatchNorm(channels),
            nn.ReLU(inplace=True),
            nn.Linear(channels, self.redundancy),
        )

    def alter(self, scene: Scene, protocol: Protocol, generator: np.random.Generator) -> tuple[Scene, np.ndarray]:
        """Resize some objects of the sources; return the scene, and which points are theirs, (N,) bool."""
        options = Synthesis(share=self.synthesis_share, least_points=self.synthesis_points)
        return altered(scene, source_classes(protocol, self.sources()), options, generator)

    def open_logits(self, network: Backbone, feature: Tensor, geometry: Any) -> tuple[Tensor, Tensor]:
        """Return the logits of the known classes (N, K), and the unknown's, the largest of the classifiers' (N, 1).

        The first classifiers are those of the classes taught since, where there are any; K counts them.
        """
        taught = len(self.taught)
        decoded = network.decode(feature, geometry)
        redundancy = cast(nn.Sequential, network.redundancy)(decoded)  # (N, R)
        known = torch.cat([network.classifier(decoded), redundancy[:, :taught]], 1)
        return known, redundancy[:, taught:].max(1, keepdim=True)[0]

    def loss(self, network: Backbone, batch: Batch, class_weight: Tensor) -> tuple[Tensor, Tensor]:
        """Return L_cls + lambda_1 L_cal of a batch, and the logits of the known classes (N, K).

        L_cls is the mean cross-entropy over K + 1 classes, target (N,) int64 being K where a point was synthesised,
        and lambda_2 that class's weight.
        """
        known, unknown = self.open_logits(network, batch.feature, batch.geometry)
        logits = torch.cat([known, unknown], 1)
        weight = torch.cat([class_weight, class_weight.new_tensor([self.unknown_weight])])
        closed = mean_cross_entropy(logits, batch.target, weight)
        return closed + self.calibration_weight * calibration(logits, batch.target), known

    def outputs(
        self, network: Backbone, feature: Tensor, geometry: Any, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """Return logits (N, K), from which the classes are predicted, and unknown_logit (N, 1)."""
        known, unknown = self.open_logits(network, feature, geometry)
        return {"logits": known, "unknown_logit": unknown}


@dataclass(frozen=True)
class Real(Redundancy):
    """REAL's open-set training."""

    synthesis_classes: Sequence[str]

    def sources(self) -> Sequence[str]:
        """Return the key `synthesis_classes`."""
        return self.synthesis_classes


RECIPE: type[Recipe] = Real


def calibration(logits: Tensor, target: Tensor) -> Tensor:
    """Return L_cal: the mean of -log(e^u / (e^u + sum_{k != y} e^{z_k})) over points of known classes y.

    logits (N, K + 1), the last the unknown's u; target (N,) int64, K or above where a point is of no known class.
    """
    columns = logits.shape[1] - 1
    of_known = target < columns
    true = nn.functional.one_hot(target[of_known], columns + 1).bool()  # (M, K + 1)
    others = logits[of_known].masked_fill(true, float("-inf"))
    total = -torch.log_softmax(others, 1)[:, columns].sum()
    return distributed.mean(total, of_known.sum().to(total.dtype))
