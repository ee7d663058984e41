"""Write arrays by name as an `.npz`, whole or not at all."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any, Mapping

import numpy as np

from openworld3d.files import whole_file


def write_arrays(path: Path, arrays: Mapping[str, Any]) -> None:
    """Write an uncompressed `.npz`, the bytes that `numpy.savez` would write.

    That of numpy before 2 does not close the archive on a full disk, which later prints a traceback.
    """
    with whole_file(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as file:
                np.lib.format.write_array(file, np.asanyarray(array), allow_pickle=False)
