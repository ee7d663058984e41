from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from openworld3d.errors import UserError
from openworld3d.outputs import read_inverse, save_outputs


def outputs(logits: list[list[float]], inverse: list[int]) -> dict[str, np.ndarray]:
    rows = len(logits)
    return {
        "logits": np.array(logits, np.float32),
        "features": np.ones((rows, 3), np.float32),
        "inverse": np.array(inverse, np.int32),
        "visits": np.ones(rows, np.int32),
        "halved_crops": np.array(2),
    }


def test_entry_of_the_manifest_by_hand(tmp_path: Path) -> None:
    entry = save_outputs(tmp_path, "hall", outputs([[0, 1], [1, 2]], [0, 1, 1]))
    assert {**entry, "sha256": ""} == {"name": "hall", "points": 3, "rows": 2, "halved_crops": 2, "sha256": ""}


@pytest.mark.parametrize(
    ("changed", "points", "sentence"),
    [
        ({}, 4, "inverse has 3 points, the scene has 4; infer this run again"),
        ({"inverse": [0, 1, 2]}, 3, "inverse names a row outside the 2 rows of the outputs; infer this run again"),
        ({"inverse": [0, -1, 1]}, 3, "inverse names a row outside the 2 rows of the outputs"),
    ],
)
def test_rows_that_do_not_fit_the_scene_are_refused(
    tmp_path: Path, changed: dict[str, Any], points: int, sentence: str
) -> None:
    save_outputs(tmp_path, "hall", outputs([[0, 1], [1, 2]], changed.get("inverse", [0, 1, 1])))
    with pytest.raises(UserError, match=f"hall.npz: {sentence}"):
        read_inverse(tmp_path / "hall.npz", points)
