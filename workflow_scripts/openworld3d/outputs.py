"""The outputs of a run: a manifest, and beside it an `.npz` per evaluation scene.

Each holds the outputs of its recipe by name, (R, C) float32; `inverse` (N,) int32, which of the R rows speaks for
each point; `visits` (R,) int32, over how many visits of a point a row is averaged; and `halved_crops` () int64, how
many crops had more attention pairs than the bounds allow.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Sequence, cast

import numpy as np

from openworld3d.errors import UserError
from openworld3d.files import sha256_of, write_json

BESIDE = ("inverse", "visits", "halved_crops")


def save_outputs(folder: Path, name: str, outputs: dict[str, np.ndarray]) -> dict[str, Any]:
    """Write the outputs of one scene, and return what the manifest says of it."""
    file = folder / f"{name}.npz"
    np.savez(file, **cast(Any, outputs))
    points, rows, halved = len(outputs["inverse"]), len(outputs["visits"]), int(outputs["halved_crops"])
    return {"name": name, "points": points, "rows": rows, "halved_crops": halved, "sha256": sha256_of(file)}


def save_manifest(path: Path, coverage: str, columns: Sequence[str], scenes: list[dict[str, Any]]) -> None:
    """Write the manifest: the class of each column of the logits, and what `save_outputs` returned."""
    write_json(path, {"coverage": coverage, "columns": list(columns), "scenes": scenes})


def read_outputs(source: Path, reads: Sequence[str]) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Return what a score reads and, where they are stored, the logits, (R, C) each, and each point's row, (N,)."""
    with np.load(source) as arrays:
        stored = [name for name in arrays.files if name not in BESIDE]
        for name in reads:
            if name not in stored:
                raise UserError(
                    f"{source}: the score reads {name}, but the outputs of this run have: {', '.join(stored)}; "
                    f"take another score, or a recipe whose outputs have {name}"
                )
        return {name: arrays[name] for name in stored if name in ("logits", *reads)}, arrays["inverse"]
