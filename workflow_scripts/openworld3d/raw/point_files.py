"""Read attributes of all points of a `.ply`, `.las`, `.laz` or `.npz`."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from openworld3d.raw.las import read_las
from openworld3d.raw.npz import read_npz
from openworld3d.raw.ply import read_ply

READERS = {".ply": read_ply, ".las": read_las, ".laz": read_las, ".npz": read_npz}
ENDINGS = tuple(READERS)


def read_cloud_file(file: Path, wanted: list[str]) -> dict[str, np.ndarray]:
    """Read attributes of a cloud by name: (N, 3) for coord and color, (N,) for others, of the file's types.

    Raises UserError where the file cannot be read, lacks an attribute, or has one of another length.
    """
    return READERS[file.suffix.lower()](file, wanted)
