from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from openworld3d.errors import UserError
from openworld3d.inference.outputs import read_inverse, read_outputs, save_outputs

INFINITE = np.inf


def outputs(logits: list[list[float]], inverse: list[int]) -> dict[str, np.ndarray]:
    rows = len(logits)
    return {
        "logits": np.array(logits, np.float32),
        "features": np.ones((rows, 3), np.float32),
        "inverse": np.array(inverse, np.int32),
        "visits": np.ones(rows, np.int32),
        "halved_crops": np.array(2),
    }


@pytest.mark.parametrize(
    ("precision", "value", "stored"),
    [
        ("float32", 0.1, np.float32(0.1)),
        ("float32", 70000, 70000),
        ("float16", 0.1, np.float16(0.1)),
        ("float16", -65504, -65504),
        ("float16", 65519, 65504),  # the last that is not nearer to infinity
        ("float16", 2.0**-24, 2.0**-24),
        ("float16", 2.0**-26, 0),
        ("float16", -INFINITE, -INFINITE),
        ("float16", INFINITE, INFINITE),
        ("float16", np.nan, np.nan),
    ],
)
def test_value_is_stored_in_a_precision(tmp_path: Path, precision: str, value: float, stored: float) -> None:
    save_outputs(tmp_path, "hall", outputs([[value, 0], [1, 2]], [0, 1, 1]), precision)
    with np.load(tmp_path / "hall.npz") as arrays:
        assert arrays["logits"].dtype == arrays["features"].dtype == precision
        assert (arrays["inverse"].dtype, arrays["visits"].dtype) == (np.int32, np.int32)
    read = read_outputs(tmp_path / "hall.npz", ["features"])
    assert {name: array.dtype for name, array in read.items()} == {"logits": np.float32, "features": np.float32}
    np.testing.assert_array_equal(read["logits"], np.array([[stored, 0], [1, 2]], np.float32))


@pytest.mark.parametrize("value", [65520.0, -65520.0, 3e38])
def test_finite_value_that_float16_does_not_hold_is_refused(tmp_path: Path, value: float) -> None:
    given = outputs([[1, -INFINITE], [0, value]], [0, 1, 1])
    sentence = (
        rf"scene 'hall': logits\[1, 1\] is {value:g}, expected at most 65504 in size, which is what float16 holds; "
        "set evaluation.stored_precision to float32"
    )
    with pytest.raises(UserError, match=sentence.replace("+", r"\+")):
        save_outputs(tmp_path, "hall", given, "float16")
    assert not list(tmp_path.iterdir())


def test_entry_of_the_manifest_by_hand(tmp_path: Path) -> None:
    entry = save_outputs(tmp_path, "hall", outputs([[0, 1], [1, 2]], [0, 1, 1]), "float32")
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
    save_outputs(tmp_path, "hall", outputs([[0, 1], [1, 2]], changed.get("inverse", [0, 1, 1])), "float32")
    with pytest.raises(UserError, match=f"hall.npz: {sentence}"):
        read_inverse(tmp_path / "hall.npz", points)
