"""A protocol of the registry as a config of the pipeline that evaluates saved scores by it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, Collection

from openworld3d.errors import UserError
from openworld3d.published.reading import REGISTRY
from openworld3d.published.registry import NamedProtocol, read_registry

RECIPE, SCORE = "saved_outputs", "saved_score"
NO_BACKBONE = "none"  # what was saved has none; tables show n/a
# As config.yaml has them.
EVALUATION = {"bits": 16, "exact": True, "replicates": 1000}


def named_protocol(name: str) -> NamedProtocol:
    """Return a protocol of the registry; raises UserError where there is none of that name, or it says too little."""
    named = read_registry(REGISTRY).protocol(name, "--protocol")
    if not named.said.get("unknown") and not named.said.get("unknown_raw_ids"):  # raises where it says nothing
        raise UserError(
            f"--protocol: {name} has nothing unknown, expected unknown points for scores to find; choose "
            "one of docs/protocols.md that has, or let the pipeline measure its mIoU from logits (docs/outputs.md)"
        )
    return named


def config_of(
    named: NamedProtocol, scores: Path, splits: Collection[str] | None = None, threshold: float | None = None
) -> dict[str, Any]:
    """Return a config whose one table has the metrics of a protocol for saved scores.

    scores: their folder; splits: those that are evaluated, of the protocol's, all by default; threshold: of objects,
    the protocol's by default. Datasets have the names of their layouts. Raises UserError for a threshold where the
    protocol has no objects.
    """
    keys = {**named.said, "named": named.name}
    if threshold is not None:
        if not math.isfinite(threshold):
            raise UserError(f"--object-threshold: is {threshold}, expected a finite number; give the score")
        if "objects" not in keys:
            raise UserError(f"--object-threshold: protocol {named.name} compares no objects; leave it out")
        keys["objects"] = {**keys["objects"], "threshold": threshold}
    if splits is not None:
        chosen = [split for split in keys["evaluate"]["splits"] if split in splits]
        keys["evaluate"] = {**keys["evaluate"], "splits": chosen}
    layouts = [keys[role]["dataset"] for role in ("train", "validate", "evaluate") if keys.get(role)]
    return {
        "table": named.name,
        "datasets": {layout: {"layout": layout} for layout in layouts},
        "protocols": {named.name: keys},
        "recipes": {RECIPE: {"kind": RECIPE, "folder": str(scores)}},
        "scores": {SCORE: {"kind": SCORE}},
        "evaluation": EVALUATION,
        "tables": {
            named.name: {
                "protocols": [named.name],
                "backbones": [NO_BACKBONE],
                "coverage": "single",
                "methods": {RECIPE: [SCORE]},
                "seeds": [0],
                "metrics": list(named.metrics),
            }
        },
    }
