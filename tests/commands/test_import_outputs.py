from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Callable

import numpy as np
import pytest

from openworld3d.errors import UserError

LOGITS = {"hall": np.arange(10.0).reshape(5, 2), "cellar": np.zeros((3, 2), np.float16)}
SCORES = {"hall": np.arange(5.0), "cellar": np.array([1, -np.inf, 2], np.float32)}


@pytest.fixture
def take(tmp_path: Path, scenes: list[Path], command: Callable[..., None]) -> Callable[..., dict[str, Any]]:
    """Return a function that imports arrays by scene and returns the manifest."""

    def run(
        output: str,
        arrays: dict[str, np.ndarray],
        columns: list[str],
        precision: str = "float32",
        shard: str = "1of1",
    ) -> dict[str, Any]:
        folder, out = tmp_path / "theirs", tmp_path / "outputs/manifest.json"
        folder.mkdir()
        for name, array in arrays.items():
            np.save(folder / f"{name}.npy", array)
        what = {"output": output, "columns": columns, "unknown": ["sofa"]}
        config = json.dumps({**what, "stored_precision": precision})
        given = ["--config", config, "--saved", folder, "--scenes", *scenes, "--shard", shard]
        command("import_outputs", *given, "--out", out)
        return json.loads(out.read_text())

    return run


def test_logits_are_a_row_per_point(tmp_path: Path, take: Callable[..., dict[str, Any]]) -> None:
    manifest = take("logits", LOGITS, [])
    assert manifest["columns"] == ["wall", "lamp"]
    assert [(scene["name"], scene["points"], scene["rows"]) for scene in manifest["scenes"]] == [
        ("hall", 5, 5),
        ("cellar", 3, 3),
    ]
    with np.load(tmp_path / "outputs/hall.npz") as hall:
        assert hall["logits"].dtype == np.float32
        assert np.array_equal(hall["logits"], LOGITS["hall"])
        assert hall["inverse"].tolist() == [0, 1, 2, 3, 4]
        assert hall["visits"].tolist() == [1] * 5


def test_columns_may_have_an_order_of_their_own(take: Callable[..., dict[str, Any]]) -> None:
    assert take("logits", LOGITS, ["lamp", "wall"])["columns"] == ["lamp", "wall"]


def test_scores_are_one_column(tmp_path: Path, take: Callable[..., dict[str, Any]]) -> None:
    take("saved_score", SCORES, [])
    with np.load(tmp_path / "outputs/cellar.npz") as cellar:
        assert cellar["saved_score"].tolist() == [[1], [-np.inf], [2]]
        assert "logits" not in cellar.files


def test_what_float16_does_not_hold_is_refused(tmp_path: Path, take: Callable[..., dict[str, Any]]) -> None:
    large = np.array([[1, 2], [3, -70000.0], [5, 6], [7, 8], [9, 0]])
    with pytest.raises(
        UserError, match=r"scene 'hall': logits\[1, 1\] is -70000, expected at most 65504 in size, .*"
    ):
        take("logits", {**LOGITS, "hall": large}, [], "float16")
    assert not (tmp_path / "outputs").exists()


@pytest.mark.parametrize(("shard", "names"), [("1of2", ["hall"]), ("2of2", ["cellar"]), ("3of3", [])])
def test_shard_has_its_scenes(take: Callable[..., dict[str, Any]], shard: str, names: list[str]) -> None:
    assert [scene["name"] for scene in take("logits", LOGITS, [], shard=shard)["scenes"]] == names


@pytest.mark.parametrize(
    ("output", "changed", "columns", "sentence"),
    [
        (
            "logits",
            np.zeros((4, 2)),
            [],
            r"hall.npy: holds float64 \(4, 2\), expected floats \(5, 2\), which is \(points",
        ),
        ("logits", np.zeros((5, 3)), [], r"hall.npy: holds float64 \(5, 3\), expected floats \(5, 2\)"),
        ("logits", np.zeros(5), [], r"hall.npy: holds float64 \(5,\), expected floats \(5, 2\)"),
        (
            "saved_score",
            np.zeros((5, 2)),
            [],
            r"holds float64 \(5, 2\), expected floats \(5,\), which is \(points,\)",
        ),
        ("saved_score", np.zeros(5, int), [], r"hall.npy: holds int64 \(5,\), expected floats \(5,\)"),
        (
            "saved_score",
            np.array([None] * 5),
            [],
            "hall.npy: is not an array of numbers; save it with numpy.save, without",
        ),
        ("logits", np.zeros((5, 2)), ["wall", "sofa"], "logits_classes says sofa, which the protocol holds unknown"),
        ("logits", np.zeros((5, 2)), ["wall", "lmp"], "logits_classes says lmp, but class lmp does not exist"),
    ],
)
def test_what_does_not_fit_is_refused(
    tmp_path: Path,
    take: Callable[..., dict[str, Any]],
    output: str,
    changed: np.ndarray,
    columns: list[str],
    sentence: str,
) -> None:
    arrays = LOGITS if output == "logits" else SCORES
    with pytest.raises(UserError, match=sentence):
        take(output, {**arrays, "hall": changed}, columns)
    assert not (tmp_path / "outputs").exists()


def test_scene_that_is_missing_is_named(take: Callable[..., dict[str, Any]]) -> None:
    with pytest.raises(
        UserError, match=r"theirs/cellar.npy: does not exist; save one file for each evaluation scene"
    ):
        take("logits", {"hall": LOGITS["hall"]}, [])
