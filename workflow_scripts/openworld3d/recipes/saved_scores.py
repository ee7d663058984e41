"""Scores of another code base, saved as a folder with `SCENE.npy` for each evaluation scene: (points,), any float.

Higher means more unknown; negate a confidence before saving it. Points are in the order of the raw file. There are no
predictions, so that no metric of the known classes is defined.
"""

from __future__ import annotations

from typing import Any

from openworld3d.recipes import Recipe

BEGINS_WITH: str = "import_outputs"
TRAINS_ON_UNKNOWN: bool = False
OUTPUTS: tuple[str, ...] = ("saved_score",)
TRAINING_KEYS: dict[str, Any] = {
    "scores": {
        "description": "the folder that holds SCENE.npy for each evaluation scene",
        "type": "string",
        "role": "folder",
    },
}
INFERENCE_KEYS: dict[str, Any] = {}
RECIPE: type[Recipe] = Recipe
