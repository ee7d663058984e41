from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from openworld3d.arrays import write_arrays


def test_bytes_are_those_of_numpy(tmp_path: Path) -> None:
    arrays: dict[str, Any] = {
        "coord": np.ones((7, 3), np.float32),
        "names": np.array(["é", "b"]),
        "count": np.array(3),
        "state/a.b": [True],
    }
    write_arrays(tmp_path / "ours.npz", arrays)
    np.savez(tmp_path / "theirs.npz", **arrays)
    assert (tmp_path / "ours.npz").read_bytes() == (tmp_path / "theirs.npz").read_bytes()


def test_what_only_pickle_could_hold_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="Object arrays cannot be saved"):
        write_arrays(tmp_path / "x.npz", {"a": np.array([{}])})
    assert list(tmp_path.iterdir()) == []
