r"""A deep ensemble (Lakshminarayanan et al., NeurIPS 2017, arXiv 1612.01474): networks of one recipe, several seeds.

The paper's ensembles have five members. Each is a run of its own, and the rule `ensemble` joins their outputs as
`openworld3d.networks.averaging.Passes` joins passes. The ensemble of seed s has the members of seeds s M to
s M + M - 1, so that ensembles of different seeds share none. Where a point is visited more than once, a member's
logits are a mean over its visits.

Formula: \bar p = \frac{1}{M} \sum_m \mathrm{softmax}(z_m)
Cost: M trainings and M passes, shared with the runs of those seeds.
When: you want a strong uncertainty baseline, whatever it costs.
"""

from __future__ import annotations

from typing import Any

from openworld3d.recipes import Recipe

BEGINS_WITH: str = "ensemble"
TRAINS_ON_UNKNOWN: bool = False
OUTPUTS: tuple[str, ...] = ("logits", "mutual_information", "class_variance")
TRAINING_KEYS: dict[str, Any] = {
    "network_of": {"$ref": "#/$defs/network_of"},
    "members": {
        "description": "the networks of one ensemble, a whole number from 2",
        "type": "integer",
        "minimum": 2,
        "maximum": 100,
    },
}
INFERENCE_KEYS: dict[str, Any] = {}
RECIPE: type[Recipe] = Recipe
