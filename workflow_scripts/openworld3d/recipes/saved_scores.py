"""Somebody else's scores, saved as a folder with `SCENE.npy` for each evaluation scene: (points,), any float.

Higher means more unknown; a confidence is negated before it is saved. Points are in the order of the raw file. There
are no predictions, so that no metric of the known classes is defined.
"""

from __future__ import annotations

from typing import Any

BEGINS_WITH: str = "import_outputs"
OUTPUTS: tuple[str, ...] = ("saved_score",)
TRAINING_KEYS: dict[str, Any] = {
    "scores": {"description": "the folder that holds SCENE.npy for each evaluation scene", "type": "string"},
}
INFERENCE_KEYS: dict[str, Any] = {}
