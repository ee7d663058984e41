r"""PDF (Probability-Driven Framework, CVPR 2024, arXiv 2404.00979), and the memory cells that it grew out of.

From the middle of a closed-set training on, a second decoder beside the first learns a logit of the unknown from
pseudo labels: points that the network itself is unsure of, marked anew in every step
(`openworld3d.pseudo_labels`). The optimizer is new and includes the second decoder's parameters, which that of the
released code left out until June 2025. Thresholds have no default, as they depend on the dataset and the voxels.

The logits are those of the known classes, where the released code has columns of the unknown ones too, which no label
trains.

Formula: \mathrm{CE}(z, y) + \alpha \mathrm{CE}([z; u], \tilde y), \quad \tilde y_i = \text{unknown where
point } i \text{ is marked, else } y_i
Cost: the second half of a training, with a second decoder and with regions grown in every step; one pass at
inference.
When: unknown objects may lie unlabelled in the training scenes, from which its pseudo labels come.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn

from openworld3d.errors import UserError
from openworld3d.networks import distributed
from openworld3d.networks.backbone import Backbone, PyramidBackbone
from openworld3d.networks.inputs import Batch
from openworld3d.networks.layers.second_decoder import make_second_decoder
from openworld3d.protocols.protocol import IGNORED
from openworld3d.pseudo_labels.growing import Growing
from openworld3d.pseudo_labels.marking import count_found, mark_batch, precision_and_recall
from openworld3d.pseudo_labels.prototypes import low_confidence_mask, prototype_mask
from openworld3d.pseudo_labels.region import neighbors, region_mask
from openworld3d.recipes import Recipe
from openworld3d.recipes.closed_set import mean_cross_entropy

BEGINS_WITH: str = "train"
TRAINS_ON_UNKNOWN: bool = False
MARKS_UNKNOWN: bool = True
STARTS_FROM: list[str] = ["closed_set"]
PRETRAINED_KEYS: list[str] | None = ["second_decoder", "initial_state"]
OUTPUTS: tuple[str, ...] = ("logits", "unknown_logit")
TRAINING_KEYS: dict[str, Any] = {
    "start_from": {"$ref": "#/$defs/start_from"},
    "start_epoch": {
        "description": "after how many of its epochs that network is taken, a whole number from 1; 61 of 100 in PDF",
        "$ref": "#/$defs/count",
    },
    "second_decoder": {
        "description": "what makes the unknown's logit: plain is PDF's, memory_cell its forerunner's, none a head on "
        "the first decoder; plain where it is left out",
        "enum": ["none", "plain", "memory_cell"],
        "default": "plain",
    },
    "initial_state": {
        "description": "of memory cells; random where it is left out, as in the forerunner",
        "enum": ["random", "zero", "learned"],
        "default": "random",
    },
    "pseudo_weight": {
        "description": "alpha, what the loss with pseudo labels weighs, a number from 0; 0.008 where it is left out",
        "type": "number",
        "minimum": 0,
        "default": 0.008,
    },
    "pseudo_labels": {
        "description": "which points are taken for unknown: region is PDF's way, low_confidence and prototypes are "
        "its forerunner's, oracle takes those that are; region where it is left out",
        "enum": ["region", "low_confidence", "prototypes", "oracle"],
        "default": "region",
    },
    "override_known": {
        "description": "whether pseudo labels replace known ones; true where it is left out, as released",
        "type": "boolean",
        "default": True,
    },
    "pseudo_threshold": {
        "description": "of low_confidence, the largest probability below which a point is taken for unknown, in "
        "0..1; 0.7 where it is left out, as in the forerunner",
        "$ref": "#/$defs/share",
        "default": 0.7,
    },
    "region_radius": {"description": "of a point's neighbourhood in metres", "$ref": "#/$defs/length"},
    "region_neighbors": {"description": "most points of a neighbourhood", "$ref": "#/$defs/count"},
    "region_beta": {
        "description": "a region has grown where its mean confidence is above the cloud's less beta deviations",
        "type": "number",
    },
    "region_seed_share": {
        "description": "share of a cloud's points that seeds are drawn from",
        "$ref": "#/$defs/share",
    },
    "region_seeds": {"description": "seeds that are drawn", "$ref": "#/$defs/count"},
    "region_boundary": {
        "description": "how a region is cut: as_released as the released code does, its repeated seeds and slips "
        "included; minimum_forest likewise without them; textbook as its words say; none not at all",
        "enum": ["as_released", "minimum_forest", "textbook", "none"],
    },
    "train_second_decoder": {
        "description": "whether it learns; true where it is left out, false as in the released code until June 2025",
        "type": "boolean",
        "default": True,
    },
    "detach": {
        "description": "whether pseudo labels train the second decoder alone; false where it is left out",
        "type": "boolean",
        "default": False,
    },
}
INFERENCE_KEYS: dict[str, Any] = {}


@dataclass(frozen=True)
class PDF(Recipe):
    """A second decoder, trained on pseudo labels."""

    second_decoder: str
    initial_state: str
    pseudo_weight: float
    pseudo_labels: str
    override_known: bool
    pseudo_threshold: float
    region_radius: float
    region_neighbors: int
    region_beta: float
    region_seed_share: float
    region_seeds: int
    region_boundary: str
    train_second_decoder: bool
    detach: bool
    # Of this epoch's pseudo labels, what `count_found` counts.
    found: np.ndarray = field(default_factory=lambda: np.zeros(3, np.int64), init=False, repr=False, compare=False)

    def adapt(self, network: Backbone) -> None:
        """Give a network its second decoder; raises a UserError where its own decoder has no levels."""
        if not isinstance(network, PyramidBackbone):
            raise UserError(
                f"recipe of kind pdf: a second decoder needs the levels of the first, and {type(network).__name__} "
                "has none; choose a backbone with network stratified_transformer or point_transformer"
            )
        network.second_decoder = make_second_decoder(self.second_decoder, self.initial_state, network)
        for parameter in network.second_decoder.parameters():
            parameter.requires_grad_(self.train_second_decoder)

    def loss(self, network: Backbone, batch: Batch, class_weight: Tensor) -> tuple[Tensor, Tensor]:
        """Return CE_K(z, y) + alpha CE_{K+1}([z; u], y~) of a batch, and the logits z of the known classes (N, K).

        y~ is K, the unknown, where a point is marked: everywhere, or only where it has no label y.
        """
        known, unknown = open_logits(network, batch.feature, batch.geometry, self.detach, None)
        mask = mark_batch(known.detach().float().cpu().numpy(), batch, self.mark)
        self.found[:] += count_found(mask, batch.unknown)
        marked = torch.from_numpy(mask).to(batch.target.device)
        if not self.override_known:
            marked = marked & (batch.target == IGNORED)
        target = batch.target.masked_fill(marked, known.shape[1])
        logits = torch.cat([known.detach() if self.detach else known, unknown], 1)  # (N, K + 1)
        weight = torch.cat([class_weight, class_weight.new_ones(1)])
        closed = mean_cross_entropy(known, batch.target, class_weight)
        return closed + self.pseudo_weight * mean_cross_entropy(logits, target, weight), known

    def measured(self) -> dict[str, float]:
        """Return precision and recall of an epoch's pseudo labels against unknown points, for information."""
        precision, recall = precision_and_recall(np.sum(distributed.gather(self.found), 0))
        self.found[:] = 0
        return {"pseudo_precision": precision, "pseudo_recall": recall}

    def outputs(
        self, network: Backbone, feature: Tensor, geometry: Any, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """Return logits (N, K), from which the classes are predicted, and unknown_logit (N, 1)."""
        known, unknown = open_logits(network, feature, geometry, False, generator)
        return {"logits": known, "unknown_logit": unknown}

    @property
    def growing(self) -> Growing:
        """Return how a region grows."""
        return Growing(
            self.region_radius,
            self.region_neighbors,
            self.region_beta,
            self.region_seed_share,
            self.region_seeds,
        )

    def prepare(self, coord: np.ndarray, generator: np.random.Generator) -> np.ndarray | None:
        """Return the neighbours of each point, where a region grows."""
        return neighbors(coord, self.growing, generator) if self.pseudo_labels == "region" else None

    def mark(
        self,
        coord: np.ndarray,
        logits: np.ndarray,
        target: np.ndarray,
        unknown: np.ndarray,
        generator: np.random.Generator,
        prepared: np.ndarray | None = None,
    ) -> np.ndarray:
        """Mark the points of a cloud as the key `pseudo_labels` says; `oracle` is the upper limit."""
        if self.pseudo_labels == "region":
            return region_mask(coord, logits, self.growing, self.region_boundary, generator, prepared)
        if self.pseudo_labels == "low_confidence":
            return low_confidence_mask(logits, self.pseudo_threshold)
        if self.pseudo_labels == "prototypes":
            return prototype_mask(logits, target, generator)
        return unknown


RECIPE: type[Recipe] = PDF


def open_logits(
    network: Backbone, feature: Tensor, geometry: Any, detach: bool, generator: torch.Generator | None
) -> tuple[Tensor, Tensor]:
    """Return the logits of the known classes (N, K), and the unknown's (N, 1)."""
    pyramid = cast(PyramidBackbone, network).pyramid(feature, geometry)
    known = network.classifier(pyramid[-1])
    if detach:
        pyramid = [level.detach() for level in pyramid]
    return known, cast(nn.Module, network.second_decoder)(pyramid, geometry, generator)
