from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any, Callable, Sequence

import numpy as np
import pytest
from tests.commands.conftest import CLASSES

from openworld3d.errors import UserError
from openworld3d.scenes.scene import load_scene, save_scene

LOGITS = {"hall": np.arange(10.0).reshape(5, 2), "cellar": np.zeros((3, 2), np.float16)}


def as_npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


HEADER = as_npy(np.zeros(5))[:-40]
NO_ARRAYS = {
    "nothing": b"",
    "half a header": HEADER[:40],
    "no numbers": HEADER,
    "too few numbers": HEADER + b"12345678" * 4,
    "more numbers than a computer holds": as_npy(np.zeros(5)).replace(b"(5,), }           ", b"(50000000000000,)}")
    + b"12345678",
    "begin of a zip": b"PK\x03\x04",
    "text": b"1.0, 2.0\n",
}
SCORES = {"hall": np.arange(5.0), "cellar": np.array([1, -3, 2], np.float32)}


@pytest.fixture
def take(tmp_path: Path, scenes: list[Path], command: Callable[..., None]) -> Callable[..., dict[str, Any]]:
    """Return a function that imports arrays by scene and returns the manifest."""

    def run(arrays: dict[str, np.ndarray], columns: Sequence[str] = (), shard: str = "1of1") -> dict[str, Any]:
        folder, out = tmp_path / "theirs", tmp_path / "outputs/manifest.json"
        folder.mkdir()
        for name, array in arrays.items():
            np.save(folder / f"{name}.npy", array)
        if columns:
            (folder / "meta.json").write_text(json.dumps({"classes": columns}))
        config = json.dumps({"classes": CLASSES, "unknown": ["sofa"]})
        given = ["--config", config, "--saved", folder, "--scenes", *scenes, "--shard", shard]
        command("import_outputs", *given, "--out", out)
        return json.loads(out.read_text())

    return run


def test_logits_are_a_row_per_point(tmp_path: Path, take: Callable[..., dict[str, Any]]) -> None:
    manifest = take(LOGITS)
    assert manifest["columns"] == ["wall", "lamp"]
    assert [(scene["name"], scene["points"], scene["rows"]) for scene in manifest["scenes"]] == [
        ("hall", 5, 5),
        ("cellar", 3, 3),
    ]
    with np.load(tmp_path / "outputs/hall.npz") as hall:
        assert hall["logits"].dtype == np.float64
        assert np.array_equal(hall["logits"], LOGITS["hall"])
        assert hall["inverse"].tolist() == [0, 1, 2, 3, 4]
        assert hall["visits"].tolist() == [1] * 5


def test_columns_may_have_an_order_of_their_own(take: Callable[..., dict[str, Any]]) -> None:
    assert take(LOGITS, ["lamp", "wall"])["columns"] == ["lamp", "wall"]


def test_scores_are_one_column(tmp_path: Path, take: Callable[..., dict[str, Any]]) -> None:
    take(SCORES)
    with np.load(tmp_path / "outputs/cellar.npz") as cellar:
        assert cellar["saved_score"].tolist() == [[1], [-3], [2]]
        assert "logits" not in cellar.files


@pytest.mark.parametrize(
    ("saved", "stored"),
    [("<f2", "<f4"), ("<f4", "<f4"), ("<f8", "<f8"), (">f2", "<f4"), (">f4", "<f4"), (">f8", "<f8")],
)
@pytest.mark.parametrize("output", ["logits", "saved_score"])
def test_no_number_is_rounded(
    tmp_path: Path, take: Callable[..., dict[str, Any]], output: str, saved: str, stored: str
) -> None:
    generator, limits = np.random.default_rng(0), np.finfo(saved)
    arrays = {}
    for name, array in (LOGITS if output == "logits" else SCORES).items():
        arrays[name] = generator.normal(0, 1, array.shape).astype(saved)
        arrays[name].flat[:3] = [limits.max, -limits.tiny, 1 + limits.eps]
    take(arrays)
    for name, array in arrays.items():
        with np.load(tmp_path / f"outputs/{name}.npz") as outputs:
            assert outputs[output].dtype == stored
            assert outputs[output].reshape(array.shape).tolist() == array.tolist()


@pytest.mark.skipif(np.longdouble(1) + 2.0**-60 == 1, reason="this machine has no floats beyond float64")
def test_more_than_float64_is_refused(tmp_path: Path, take: Callable[..., dict[str, Any]]) -> None:
    close = 1 + np.arange(5, dtype=np.longdouble) * np.longdouble(2) ** -60
    with pytest.raises(
        UserError, match=r"hall.npy: holds float128, expected float16, float32 or float64; save it as"
    ):
        take({**SCORES, "hall": close})
    assert not (tmp_path / "outputs").exists()


@pytest.mark.parametrize("content", NO_ARRAYS.values(), ids=NO_ARRAYS)
def test_file_that_is_no_array_is_refused(
    tmp_path: Path, take: Callable[..., dict[str, Any]], monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    monkeypatch.setattr(np, "save", lambda file, array: Path(file).write_bytes(content))
    with pytest.raises(UserError, match=r"hall.npy: is not an array of numbers; save it with numpy.save"):
        take(SCORES)


@pytest.mark.parametrize(("shard", "names"), [("1of2", ["hall"]), ("2of2", ["cellar"]), ("3of3", [])])
def test_shard_has_its_scenes(take: Callable[..., dict[str, Any]], shard: str, names: list[str]) -> None:
    assert [scene["name"] for scene in take(LOGITS, shard=shard)["scenes"]] == names


@pytest.mark.parametrize(
    ("output", "changed", "columns", "sentence"),
    [
        (
            "logits",
            np.zeros((4, 2)),
            [],
            r"hall.npy: holds float64 \(4, 2\), expected floats \(5, 2\), which is \(points",
        ),
        (
            "logits",
            np.zeros((5, 3)),
            [],
            r"hall.npy: holds float64 \(5, 3\), one column more than the 2 classes; leave out the column",
        ),
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
        (
            "logits",
            np.zeros((5, 2)),
            ["wall", "sofa"],
            "meta.json: classes says sofa, which the protocol holds unknown",
        ),
        ("logits", np.zeros((5, 2)), ["wall", "lmp"], "meta.json: classes says lmp, but class lmp does not exist"),
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
        take({**arrays, "hall": changed}, columns)
    assert not (tmp_path / "outputs").exists()


@pytest.fixture
def hall_with_padding(tmp_path: Path) -> np.ndarray:
    """Make the hall a scan of 8 rows, of which 5 are its points; return which, (8,) bool."""
    is_point = np.array([False, True, True, False, True, True, False, True])
    path = tmp_path / "train/hall.npz"
    save_scene(path, replace(load_scene(path, ["wall", "sofa", "lamp"]), is_point=is_point))
    return is_point


@pytest.mark.parametrize("output", ["logits", "saved_score"])
def test_rows_that_are_no_points_are_left_out(
    tmp_path: Path, take: Callable[..., dict[str, Any]], hall_with_padding: np.ndarray, output: str
) -> None:
    arrays = LOGITS if output == "logits" else SCORES
    all_rows = np.full((8, *arrays["hall"].shape[1:]), np.nan)
    all_rows[hall_with_padding] = arrays["hall"]
    manifest = take({**arrays, "hall": all_rows})
    assert manifest["scenes"][0]["points"] == 5
    with np.load(tmp_path / "outputs/hall.npz") as hall:
        assert hall[output].reshape(arrays["hall"].shape).tolist() == arrays["hall"].tolist()
        assert hall["inverse"].tolist() == [0, 1, 2, 3, 4]


def test_array_of_the_points_alone_fits_as_well(
    tmp_path: Path, take: Callable[..., dict[str, Any]], hall_with_padding: np.ndarray
) -> None:
    take(SCORES)
    with np.load(tmp_path / "outputs/hall.npz") as hall:
        assert hall["saved_score"].ravel().tolist() == SCORES["hall"].tolist()


def test_array_of_other_rows_is_refused(take: Callable[..., dict[str, Any]], hall_with_padding: np.ndarray) -> None:
    sentence = (
        r"float64 \(7,\), expected floats \(5,\), which is \(points,\), or \(8,\) with the rows that are no points"
    )
    with pytest.raises(UserError, match=sentence):
        take({**SCORES, "hall": np.zeros(7)})


def test_scene_that_is_missing_is_named(take: Callable[..., dict[str, Any]]) -> None:
    with pytest.raises(
        UserError,
        match=r"theirs: has nothing of scene cellar; save the arrays of each evaluation scene, as scenes/ce",
    ):
        take({"hall": LOGITS["hall"]})
