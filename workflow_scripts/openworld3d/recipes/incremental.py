r"""REAL's incremental learning (Cen et al., ECCV 2022, arXiv 2207.01452): unknown classes are learned in steps.

A step trains on the labels of the classes in its key `teaches`. A redundancy classifier becomes the classifier of
each; the rest remain the unknown. No label of any other point is read: its target is the prediction of the network
that the step starts from, which the rule `relabel` writes. Loss and outputs are those of `real`, with the released
code's weights: lambda_1 of 0.01, and a fifth of the new objects resized and labelled unknown.

Formula: \mathrm{CE}([z; u], y) + \lambda_1 \mathrm{mean}_i \left(-\log \frac{e^{u_i}}{e^{u_i} + \sum_{k
\ne y_i} e^{z_{ik}}}\right)
Cost: a short training per step, and one pass over the training scenes.
When: classes that REAL found unknown are to be learned.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Sequence

from openworld3d.recipes import Recipe
from openworld3d.recipes.real import Redundancy

BEGINS_WITH: str = "train"
TRAINS_ON_UNKNOWN: bool = False
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
        "$ref": "#/$defs/share",
        "default": 0.2,
    },
    "synthesis_points": {"$ref": "#/$defs/synthesis_points", "default": 300},
}
INFERENCE_KEYS: dict[str, Any] = {}


@dataclass(frozen=True)
class Incremental(Redundancy):
    """A step of REAL's incremental learning."""

    teaches: Sequence[str]

    def sources(self) -> Sequence[str]:
        """Return the new classes."""
        return self.teaches


RECIPE: type[Recipe] = Incremental
