"""Where the answers of reference implementations lie, see README.md of that folder."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[1]
FOLDER = Path(os.environ.get("GOLDEN_DIR", ROOT / "../shared/golden"))


def golden_files(name: str, suffix: str = ".npz") -> list[Any]:
    """Return the files of a folder as parameters of a test, or one that is skipped where the folder is absent."""
    files = sorted((FOLDER / name).glob(f"*{suffix}"))
    if files:
        return [pytest.param(file, id=file.stem) for file in files]
    reason = f"{FOLDER / name} has no {suffix}: set GOLDEN_DIR to the folder of golden outputs"
    return [pytest.param(None, marks=pytest.mark.skip(reason=reason), id="absent")]


def read_golden(file: Path) -> dict[str, np.ndarray]:
    """Return the arrays of a file."""
    with np.load(file) as arrays:
        return dict(arrays)
