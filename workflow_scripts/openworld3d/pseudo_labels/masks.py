"""Pseudo labels to look at: the points of a training scene that a trained network would take for unknown."""

from __future__ import annotations

from typing import Any

import numpy as np

from openworld3d.protocols.protocol import Protocol
from openworld3d.pseudo_labels.marking import Mark, precision_and_recall
from openworld3d.scenes.scene import VOID, Scene

# Of Okabe and Ito (Color Universal Design, 2008), distinct for the colour-blind too.
COLOURS = {
    "marked_unknown": (0, 158, 115),
    "marked_known": (213, 94, 0),
    "unmarked_unknown": (240, 228, 66),
    "neither": (153, 153, 153),
}


def mark_scene(
    scene: Scene,
    picked: np.ndarray,
    outputs: dict[str, np.ndarray],
    protocol: Protocol,
    mark: Mark,
    generator: np.random.Generator,
) -> np.ndarray:
    """Return the points of a whole scene that a recipe's `mark` takes for unknown: (N,) bool.

    picked (R,) int64: the point that was run from each voxel; outputs: those of `infer_scene`, a row for each voxel.
    Training marks a crop that is augmented. As there, a voxel is marked as one of its points; here its other points
    share the mark.
    """
    label = scene.label[picked]
    target, unknown = protocol.targets(label), protocol.is_unknown(label)
    return mark(scene.coord[picked], outputs["logits"], target, unknown, generator)[outputs["inverse"]]


def cases(mask: np.ndarray, label: np.ndarray, protocol: Protocol) -> np.ndarray:
    """Return which of `COLOURS` each point has, by number: mask (N,) bool, label (N,) uint8 -> (N,) int64.

    Void is in neither, marked or not.
    """
    unknown = protocol.is_unknown(label)
    return np.select([mask & unknown, mask & (label != VOID), unknown], [0, 1, 2], 3)


def describe_cases(count: np.ndarray) -> dict[str, Any]:
    """Return how many points have each of `COLOURS`, (4,), by name, and the precision and recall of the marks.

    They are null where no point is marked, or none is of an unknown class.
    """
    right, wrong, missed, _ = count
    shares = precision_and_recall(np.array([right, right + wrong, right + missed]))
    precision, recall = (None if np.isnan(share) else share for share in shares)
    return {"points": dict(zip(COLOURS, count.tolist())), "precision": precision, "recall": recall}
