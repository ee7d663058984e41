r"""MC-DropPath: the trained network of another recipe, run with stochastic depth kept at inference; trains nothing.

Where MC-Dropout (Gal and Ghahramani, ICML 2016, arXiv 1506.02142) drops values, each pass skips residual branches, as
often as the backbone's `drop_path_rate` had them skipped in training. The first of them are in the encoder's first
blocks, so that a pass costs nearly a whole network.

Formula: \bar p = \frac{1}{T} \sum_t \mathrm{softmax}(z_t)
Cost: no training; T passes of nearly the whole network at inference.
When: a trained network has stochastic depth and is not to be trained again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from openworld3d.networks.averaging import Passes
from openworld3d.networks.backbone import Backbone
from openworld3d.networks.layers.drop_path import dropping_paths
from openworld3d.recipes import Recipe

BEGINS_WITH: str = "infer"
TRAINS_ON_UNKNOWN: bool = False
DROPS_PATHS: bool = True
OUTPUTS: tuple[str, ...] = ("logits", "mutual_information", "class_variance")
TRAINING_KEYS: dict[str, Any] = {
    "network_of": {"$ref": "#/$defs/network_of"},
}
INFERENCE_KEYS: dict[str, Any] = {
    "passes": {"$ref": "#/$defs/passes", "default": 10},
}


@dataclass(frozen=True)
class DropPaths(Recipe):
    """Several passes with stochastic depth."""

    passes: int

    def outputs(
        self, network: Backbone, feature: Tensor, geometry: Any, generator: torch.Generator
    ) -> dict[str, Tensor]:
        """Return the outputs of `Passes`: logits (N, K), mutual_information and class_variance (N, 1).

        Batch normalisation stays in evaluation mode.
        """
        passes = Passes()
        with dropping_paths(network, generator):
            for _ in range(self.passes):
                passes.add(network(feature, geometry))
        return passes.outputs()


RECIPE: type[Recipe] = DropPaths
