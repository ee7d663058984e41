"""PDF's pseudo labels to be looked at: what its trained network would take for unknown in a training scene."""

from __future__ import annotations

from typing import Any

import numpy as np

from openworld3d.inference.model import Trained, infer_scene, picked_points
from openworld3d.protocols.protocol import Protocol
from openworld3d.pseudo_labels.marking import mark_cloud, precision_and_recall
from openworld3d.scenes.scene import VOID, Scene

# Of Okabe and Ito (Color Universal Design, 2008), which the colour blind tell apart too.
COLOURS = {
    "marked_unknown": (0, 158, 115),
    "marked_known": (213, 94, 0),
    "unmarked_unknown": (240, 228, 66),
    "neither": (153, 153, 153),
}


def mark_scene(trained: Trained, scene: Scene, protocol: Protocol, generator: np.random.Generator) -> np.ndarray:
    """Return which points of a scene a network of PDF takes for unknown, as its recipe says: (N,) bool.

    The scene is marked whole and as it is, where training marks a crop that is augmented. As in training, a voxel is
    marked as one of its points; here its other points share the mark.
    """
    outputs = infer_scene(trained.model, scene, "single", trained.bounds)
    picked = picked_points(trained.model, scene)
    label = scene.label[picked]
    target, unknown = protocol.targets(label), protocol.is_unknown(label)
    mask = mark_cloud(scene.coord[picked], outputs["logits"], target, unknown, trained.model.recipe, generator)
    return mask[outputs["inverse"]]


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
