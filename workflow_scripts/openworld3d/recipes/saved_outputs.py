r"""Outputs of another code base's network, saved as a folder of logits, features and scores of each evaluation scene.

What the folder holds for every scene decides which scores can run; with a training sample and the last layer, scores
can be fitted too. docs/outputs.md describes the format, docs/bring_your_own.md how to save it. Where there is only a
score, there are no predictions, so no metric of the known classes is defined.

Formula: z
Cost: none: neither training nor inference.
When: another code base has the network, or a score that you want to measure here.
"""

from __future__ import annotations

from typing import Any

from openworld3d.recipes import Recipe

BEGINS_WITH: str = "import_outputs"
TRAINS_ON_UNKNOWN: bool = False
OUTPUTS: tuple[str, ...] = ("logits", "features", "saved_score")
TRAINING_KEYS: dict[str, Any] = {
    "folder": {
        "description": "the folder that holds scenes/SCENE/logits.npy, or SCENE.npy, for each evaluation scene",
        "type": "string",
        "role": "folder",
    },
}
INFERENCE_KEYS: dict[str, Any] = {}
RECIPE: type[Recipe] = Recipe
