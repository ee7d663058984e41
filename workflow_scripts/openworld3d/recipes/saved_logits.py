"""Somebody else's logits, saved as a folder with `SCENE.npy` for each evaluation scene: (points, columns), any float.

No network runs, and none need exist here. Points are in the order of the raw file, columns in that of
`logits_classes`.
"""

from __future__ import annotations

from typing import Any

BEGINS_WITH: str = "import_outputs"
OUTPUTS: tuple[str, ...] = ("logits",)
TRAINING_KEYS: dict[str, Any] = {
    "logits": {"description": "the folder that holds SCENE.npy for each evaluation scene", "type": "string"},
    "logits_classes": {
        "description": "a list of the classes of the columns, in their order; left out where they are the known "
        "classes as the dataset orders them",
        "type": "array",
        "minItems": 1,
        "uniqueItems": True,
        "items": {"type": "string"},
        "default": [],
    },
}
INFERENCE_KEYS: dict[str, Any] = {}
