"""Coloured point clouds for CloudCompare, MeshLab and similar viewers.

As binary `.ply` (Turk, The PLY Polygon File Format, 1994), written without a package, since the environments in which
networks run have none for it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from openworld3d.files import whole_file
from openworld3d.scenes.scene import Scene

COLOUR_MAP = "viridis"
# Ten colours of viridis at equal steps: perceptually uniform, readable in greyscale and to the colour-blind.
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
OF_EVERY_CLOUD = ("x", "y", "z", "red", "green", "blue", "label")
TYPE_NAMES = {"f4": "float", "f8": "double", "u1": "uchar"}


def colour(score: np.ndarray, low: float, high: float) -> np.ndarray:
    """Return (N, 3) uint8 colours of score (N,): dark blue at `low` and below, yellow at `high` and above."""
    span = high - low
    share = np.clip((score - low) / span, 0, 1) if span > 0 else np.zeros(len(score))
    position = share * (len(ANCHORS) - 1)
    channels = [np.interp(position, np.arange(len(ANCHORS)), anchors) for anchors in ANCHORS.T]
    return np.stack(channels, axis=1).round().astype(np.uint8)  # (N, 3)


def write_cloud(path: Path, scene: Scene, colours: np.ndarray, **columns: np.ndarray) -> None:
    """Write a binary little-endian `.ply` with a vertex per point; label 255 is void.

    colours (N, 3) uint8; columns: more properties by name, (N,) uint8, float32 or float64.
    """
    columns = {**dict(zip(OF_EVERY_CLOUD, [*scene.coord.T, *colours.T, scene.label])), **columns}
    types = {name: column.dtype.str[1:] for name, column in columns.items()}
    vertex = np.empty(len(scene), [(name, f"<{code}") for name, code in types.items()])
    for name, column in columns.items():
        vertex[name] = column
    properties = [f"property {TYPE_NAMES[code]} {name}" for name, code in types.items()]
    header = ["ply", "format binary_little_endian 1.0", f"element vertex {len(scene)}", *properties, "end_header", ""]
    with whole_file(path) as temporary, open(temporary, "wb") as file:
        file.write("\n".join(header).encode())
        file.write(vertex.tobytes())
