"""PDF (Probability-Driven Framework, CVPR 2024, arXiv 2404.00979), and the memory cells that it grew out of.

From a closed-set network in the middle of its training, a second decoder beside the first learns a logit of the
unknown from pseudo labels: points that the network itself is unsure of, marked anew in every step
(`openworld3d.pseudo_labels`). The optimizer is a fresh one and has the second decoder's parameters, which that of the
released code left out until June 2025. Thresholds have no default, as they depend on the dataset and the voxels.

The logits are those of the known classes, where the released code has columns of the unknown ones too, which no label
teaches.
"""

from __future__ import annotations

from typing import Any, Mapping, cast

import numpy as np
import torch
from torch import Tensor, nn

from openworld3d.errors import UserError
from openworld3d.networks import distributed
from openworld3d.networks.backbone import Backbone, PyramidBackbone
from openworld3d.networks.inputs import Batch
from openworld3d.networks.layers.second_decoder import make_second_decoder
from openworld3d.protocols.protocol import IGNORED
from openworld3d.pseudo_labels.marking import count_found, mark_batch, precision_and_recall
from openworld3d.recipes.closed_set import mean_cross_entropy

BEGINS_WITH: str = "train"
TEACHES_UNKNOWN: bool = False
STARTS_FROM: list[str] = ["closed_set"]
OUTPUTS: tuple[str, ...] = ("logits", "unknown_logit")
TRAINING_KEYS: dict[str, Any] = {
    "start_from": {"$ref": "#/$defs/start_from"},
    "start_epoch": {
        "description": "after how many of its epochs that network is taken, a whole number from 1; 61 of 100 in PDF",
        "type": "integer",
        "minimum": 1,
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
        "type": "number",
        "minimum": 0,
        "maximum": 1,
        "default": 0.7,
    },
    "region_radius": {"description": "of a point's neighbourhood in metres", "$ref": "#/$defs/positive"},
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
        "description": "how a region is cut: as the released code does, as its words say, or not at all",
        "enum": ["as_released", "textbook", "none"],
    },
    "train_second_decoder": {
        "description": "whether it learns; true where it is left out, false as in the released code until June 2025",
        "type": "boolean",
        "default": True,
    },
    "detach": {
        "description": "whether pseudo labels teach the second decoder alone; false where it is left out",
        "type": "boolean",
        "default": False,
    },
}
INFERENCE_KEYS: dict[str, Any] = {}


def adapt(network: Backbone, recipe: Mapping[str, Any]) -> None:
    """Give a network its second decoder; raises a UserError where its own decoder has no levels."""
    if not isinstance(network, PyramidBackbone):
        raise UserError(
            f"recipe of kind pdf: a second decoder goes up the levels of the first, and {type(network).__name__} has "
            "none; choose a backbone with network stratified_transformer"
        )
    network.second_decoder = make_second_decoder(recipe["second_decoder"], recipe["initial_state"], network)
    for parameter in network.second_decoder.parameters():
        parameter.requires_grad_(recipe["train_second_decoder"])
    forget(network)


def open_logits(
    network: PyramidBackbone, feature: Tensor, geometry: Any, detach: bool, generator: torch.Generator | None
) -> tuple[Tensor, Tensor]:
    """Return the logits of the known classes (N, K), and the unknown's (N, 1)."""
    pyramid = network.pyramid(feature, geometry)
    known = network.classifier(pyramid[-1])
    if detach:
        pyramid = [level.detach() for level in pyramid]
    return known, cast(nn.Module, network.second_decoder)(pyramid, geometry, generator)


def loss(
    network: PyramidBackbone, batch: Batch, class_weight: Tensor, recipe: Mapping[str, Any]
) -> tuple[Tensor, Tensor]:
    """Return CE_K(z, y) + alpha CE_{K+1}([z; u], y~) of a batch, and the logits z of the known classes (N, K).

    y~ is K, the unknown, where a point is marked: everywhere, or only where it has no label y.
    """
    known, unknown = open_logits(network, batch.feature, batch.geometry, recipe["detach"], None)
    mask = mark_batch(known.detach().float().cpu().numpy(), batch, recipe)
    cast(Any, network).found += count_found(mask, batch.unknown)
    marked = torch.from_numpy(mask).to(batch.target.device)
    if not recipe["override_known"]:
        marked = marked & (batch.target == IGNORED)
    target = batch.target.masked_fill(marked, known.shape[1])
    logits = torch.cat([known.detach() if recipe["detach"] else known, unknown], 1)  # (N, K + 1)
    weight = torch.cat([class_weight, class_weight.new_ones(1)])
    closed = mean_cross_entropy(known, batch.target, class_weight)
    return closed + recipe["pseudo_weight"] * mean_cross_entropy(logits, target, weight), known


def told(network: Backbone) -> dict[str, float]:
    """Return precision and recall of an epoch's pseudo labels against unknown points, for information."""
    precision, recall = precision_and_recall(np.sum(distributed.gather(cast(Any, network).found), 0))
    forget(network)
    return {"pseudo_precision": precision, "pseudo_recall": recall}


def forget(network: Backbone) -> None:
    """Begin to count pseudo labels."""
    cast(Any, network).found = np.zeros(3, np.int64)


def outputs(
    network: PyramidBackbone, feature: Tensor, geometry: Any, recipe: Mapping[str, Any], generator: torch.Generator
) -> dict[str, Tensor]:
    """Return logits (N, K), from which the classes are predicted, and unknown_logit (N, 1)."""
    known, unknown = open_logits(network, feature, geometry, False, generator)
    return {"logits": known, "unknown_logit": unknown}
