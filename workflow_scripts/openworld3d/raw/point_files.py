"""Read attributes of all points of a `.ply`, `.las`, `.laz` or `.npz`."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from openworld3d.raw.attributes import NO_NAMES, Names
from openworld3d.raw.las import read_las
from openworld3d.raw.npz import read_npz
from openworld3d.raw.ply import read_ply

ENDINGS = (".ply", ".las", ".laz", ".npz")


def read_cloud_file(
    file: Path, wanted: list[str], names: Names = NO_NAMES, element: str | None = None
) -> dict[str, np.ndarray]:
    """Read attributes of a cloud by name: (N, 3) for coord and color, (N,) for others, of the file's types.

    names: what they are named in the file, where that is not what programs name them; element: that of a `.ply` whose
    rows are the points. A `.las` has `withheld` besides, (N,) bool. Raises UserError where the file cannot be read,
    lacks an attribute, or has one of another length.
    """
    ending = file.suffix.lower()
    if ending == ".ply":
        return read_ply(file, wanted, names, element)
    return (read_npz if ending == ".npz" else read_las)(file, wanted, names)
