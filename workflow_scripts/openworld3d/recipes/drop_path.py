"""MC-DropPath: the trained network of another recipe, asked with stochastic depth kept at inference; trains nothing.

Where MC-Dropout (Gal and Ghahramani, ICML 2016, arXiv 1506.02142) drops values, each pass leaves out residual
branches, as often as the backbone's `drop_path_rate` had them left out in training. They begin in the encoder's first
blocks, so that a pass costs nearly a whole network.
"""

from __future__ import annotations

from typing import Any, Mapping

import torch
from torch import Tensor

from openworld3d.networks.averaging import Passes
from openworld3d.networks.backbone import Backbone
from openworld3d.networks.layers.drop_path import dropping_paths

BEGINS_WITH: str = "infer"
OUTPUTS: tuple[str, ...] = ("logits", "mutual_information", "class_variance")
TRAINING_KEYS: dict[str, Any] = {
    "network_of": {"$ref": "#/$defs/network_of"},
}
INFERENCE_KEYS: dict[str, Any] = {
    "passes": {"$ref": "#/$defs/passes", "default": 10},
}


def outputs(
    network: Backbone, feature: Tensor, geometry: Any, recipe: Mapping[str, Any], generator: torch.Generator
) -> dict[str, Tensor]:
    """Return what `Passes` makes of the recipe's passes: logits (N, K), mutual_information and class_variance (N, 1).

    Batch normalisation is as the network stands, in evaluation mode wherever outputs are asked for.
    """
    passes = Passes()
    with dropping_paths(network, generator):
        for _ in range(recipe["passes"]):
            passes.add(network(feature, geometry))
    return passes.outputs()
