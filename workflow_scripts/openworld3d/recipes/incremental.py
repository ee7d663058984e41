"""REAL's incremental learning (Cen et al., ECCV 2022, arXiv 2207.01452): unknown classes are taught in steps.

A step teaches the classes that it `teaches`, by their labels. A redundancy classifier becomes the classifier of each,
the rest go on as the unknown. Of all other points no label is read: they keep what the network of the step before
predicts, which the rule `relabel` writes. Loss and outputs are those of `real`, with the released code's weights:
lambda_1 of 0.01, and a fifth of the new objects resized and called unknown.
"""

from __future__ import annotations

from typing import Any, Mapping

import numpy as np

from openworld3d.protocols.protocol import Protocol
from openworld3d.pseudo_labels.synthesis import Synthesis, altered, source_classes
from openworld3d.recipes import real
from openworld3d.scenes.scene import Scene

BEGINS_WITH: str = "train"
TEACHES_UNKNOWN: bool = False
STARTS_FROM: list[str] = ["real", "incremental"]
OLD_LABELS: str = "predicted"
OUTPUTS: tuple[str, ...] = ("logits", "unknown_logit")
TRAINING_KEYS: dict[str, Any] = {
    "start_from": {"$ref": "#/$defs/start_from"},
    "teaches": {"$ref": "#/$defs/teaches"},
    "calibration_weight": {
        "description": "lambda_1, a number from 0; 0.01 where it is left out, as released",
        "type": "number",
        "minimum": 0,
        "default": 0.01,
    },
    "unknown_weight": {"$ref": "#/$defs/unknown_weight", "default": 1.0},
    "synthesis_share": {
        "description": "the probability that a new object is resized, in 0..1; 0.2 where it is left out, as released",
        "type": "number",
        "minimum": 0,
        "maximum": 1,
        "default": 0.2,
    },
    "synthesis_points": {"$ref": "#/$defs/synthesis_points", "default": 300},
}
INFERENCE_KEYS: dict[str, Any] = {}

adapt = real.adapt
loss = real.loss
outputs = real.outputs


def alter(
    scene: Scene, protocol: Protocol, recipe: Mapping[str, Any], generator: np.random.Generator
) -> tuple[Scene, np.ndarray]:
    """Return a training scene with some objects of the new classes resized, and whose points these are, (N,) bool."""
    options = Synthesis(share=recipe["synthesis_share"], least_points=recipe["synthesis_points"])
    return altered(scene, source_classes(protocol, recipe["teaches"]), options, generator)
