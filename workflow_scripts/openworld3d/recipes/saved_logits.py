"""Logits of another code base, saved as a folder with `SCENE.npy` for each evaluation scene.

Each is (points, columns), any float; no network runs here. Points are in the order of the raw file, columns in that
of `logits_classes`.
"""

from __future__ import annotations

from typing import Any

from openworld3d.recipes import Recipe

BEGINS_WITH: str = "import_outputs"
TRAINS_ON_UNKNOWN: bool = False
OUTPUTS: tuple[str, ...] = ("logits",)
TRAINING_KEYS: dict[str, Any] = {
    "logits": {
        "description": "the folder that holds SCENE.npy for each evaluation scene",
        "type": "string",
        "role": "folder",
    },
    "logits_classes": {
        "description": "a list of the classes of the columns, in their order; left out where they are the known "
        "classes as the dataset orders them",
        "type": "array",
        "minItems": 1,
        "uniqueItems": True,
        "items": {"type": "string"},
        "default": [],
        "role": "columns",
    },
}
INFERENCE_KEYS: dict[str, Any] = {}
RECIPE: type[Recipe] = Recipe
