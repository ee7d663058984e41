"""Coloured clouds for CloudCompare, MeshLab and their like."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from plyfile import PlyData, PlyElement

from openworld3d.files import whole_file
from openworld3d.scene import Scene

COLOUR_MAP = "viridis"
# Ten colours of viridis at equal steps: perceptually uniform, readable in grey and when colour blind.
ANCHORS = np.array(
    [
        (68, 1, 84),
        (72, 40, 120),
        (62, 74, 137),
        (49, 104, 142),
        (38, 130, 142),
        (31, 158, 137),
        (53, 183, 121),
        (109, 205, 89),
        (180, 222, 44),
        (253, 231, 37),
    ]
)
VERTEX = [
    ("x", "<f4"),
    ("y", "<f4"),
    ("z", "<f4"),
    ("red", "u1"),
    ("green", "u1"),
    ("blue", "u1"),
    ("label", "u1"),
    ("prediction", "u1"),
    ("score", "<f4"),
]


def colour(score: np.ndarray, low: float, high: float) -> np.ndarray:
    """Return (N, 3) uint8 colours of score (N,): dark blue at `low` and below, yellow at `high` and above."""
    span = high - low
    share = np.clip((score - low) / span, 0, 1) if span > 0 else np.zeros(len(score))
    position = share * (len(ANCHORS) - 1)
    channels = [np.interp(position, np.arange(len(ANCHORS)), anchors) for anchors in ANCHORS.T]
    return np.stack(channels, axis=1).round().astype(np.uint8)  # (N, 3)


def write_cloud(path: Path, scene: Scene, colours: np.ndarray, prediction: np.ndarray, score: np.ndarray) -> None:
    """Write a binary little-endian `.ply` with one vertex per point; label 255 is void.

    colours (N, 3) uint8, prediction (N,) uint8, score (N,) float32.
    """
    vertex = np.empty(len(scene), dtype=VERTEX)
    columns = [*scene.coord.T, *colours.T, scene.label, prediction, score]
    for (name, _), column in zip(VERTEX, columns):
        vertex[name] = column
    with whole_file(path) as temporary:
        PlyData([PlyElement.describe(vertex, "vertex")], byte_order="<").write(str(temporary))
