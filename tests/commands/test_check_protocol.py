from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Callable

import numpy as np
import pytest
from tests.datasets import test_folder

from openworld3d.errors import UserError

PARTS = ("coord", "raw", "color")
PAGE = Path(__file__).with_name("protocol_page.md").read_text()


@pytest.fixture
def splits(tmp_path: Path) -> dict[str, Path]:
    points: dict[str, dict[str, dict[str, int]]] = {
        "train": {"one": {"wall": 6, "sofa": 2, "rug": 1}},
        "val": {"two": {"wall": 3, "sofa": 1}, "three": {"wall": 4, "lamp": 4}},
    }
    paths = {}
    for split, scenes in points.items():
        paths[split] = tmp_path / split / "manifest.json"
        paths[split].parent.mkdir()
        entries = [
            {
                "name": name,
                "points": sum(count.values()) + 5,
                "class_points": count,
                "void_points": 5,
                "void_ids": {"0": 3, "7": 2},
                "extent": [4.0, 3.25, 2.5] if name == "one" else [len(name), 1.5, 2.5],
                "extent_within": [3.0, 1.5, 2.5],
                "cubic_metres": 4,
                "resolution": 0.0,
                "brightness": {},
                "points_sha256": f"that of {name}",
                "notes": [],
            }
            for name, count in scenes.items()
        ]
        paths[split].write_text(
            json.dumps({"dataset": "d", "classes": ["wall", "sofa", "lamp", "bed", "rug"], "scenes": entries})
        )
    return paths


def check(command: Callable[..., None], splits: dict[str, Path], out: Path, *unknown: str) -> None:
    config = json.dumps({"protocol": "p", "unknown": unknown, "inliers": []})
    files = ["--train", splits["train"], "--evaluate", splits["val"]]
    command("check_protocol", "--config", config, *files, "--out", out, "--page", out.with_suffix(".md"))


def test_report_by_hand(tmp_path: Path, command: Callable[..., None], splits: dict[str, Path]) -> None:
    out = tmp_path / "p.json"
    check(command, splits, out, "sofa")
    assert json.loads(out.read_text()) == {
        "train_points": {"wall": 6, "sofa": 2, "rug": 1},
        "evaluate_points": {"wall": 7, "sofa": 1, "lamp": 4},
        "without_training": ["lamp"],
        "unknown_share": {"two": 0.25, "three": 0.0},
        "scenes_without_unknown": ["three"],
    }


def test_page_by_hand(tmp_path: Path, command: Callable[..., None], splits: dict[str, Path]) -> None:
    check(command, splits, tmp_path / "p.json", "sofa")
    assert (tmp_path / "p.md").read_text() == PAGE


def test_scenes_have_no_unknown_point_where_no_class_is_unknown(
    tmp_path: Path, command: Callable[..., None], splits: dict[str, Path]
) -> None:
    check(command, splits, tmp_path / "p.json")
    page = (tmp_path / "p.md").read_text()
    assert "\nUnknown: no class.\n" in page
    assert "have no unknown point" not in page


def test_unknown_majority_is_said(
    tmp_path: Path, command: Callable[..., None], splits: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    check(command, splits, tmp_path / "p.json", "wall")
    sentence = "58.3% of the labelled evaluation points are unknown: most points, so "
    assert f"- {sentence}that a random score has an AUPR of 0.583." in (tmp_path / "p.md").read_text()
    assert f"protocol p: {sentence}" in capsys.readouterr().out


def test_signs_in_the_files_come_first(tmp_path: Path, command: Callable[..., None], splits: dict[str, Path]) -> None:
    edit(splits["val"], {"three": {"resolution": 0.5}})
    check(command, splits, tmp_path / "p.json", "sofa")
    line = (tmp_path / "p.md").read_text().split("\n")[4]
    assert line.startswith("- 1 of 3 scenes store coordinates too coarsely; ")


@pytest.mark.parametrize(
    ("unknown", "sentence"),
    [
        (["bed"], "protocol p: no scene, for training or evaluation, has a point of the unknown class bed; choose"),
        (["rug"], "protocol p: no evaluation scene has a point of the unknown class rug; choose evaluation splits"),
        (["soffa"], "class soffa does not exist in the dataset, did you mean sofa"),
    ],
)
def test_protocol_that_cannot_be_answered_is_refused(
    tmp_path: Path, command: Callable[..., None], splits: dict[str, Path], unknown: list[str], sentence: str
) -> None:
    with pytest.raises(UserError, match=sentence):
        check(command, splits, tmp_path / "p.json", *unknown)
    assert not (tmp_path / "p.json").exists()
    assert not (tmp_path / "p.md").exists()


def edit(manifest: Path, changes: dict[str, dict[str, Any]]) -> None:
    """Change the entries of scenes by name, and add one for each new name, as the first one is."""
    content = json.loads(manifest.read_text())
    entries = {scene["name"]: scene for scene in content["scenes"]}
    first = content["scenes"][0]
    for name, change in changes.items():
        entries[name] = {**entries.get(name, {**first, "points_sha256": f"that of {name}"}), "name": name, **change}
    content["scenes"] = list(entries.values())
    manifest.write_text(json.dumps(content))


@pytest.mark.parametrize(
    ("train", "evaluate", "sentence"),
    [
        ({}, {"one": {}}, "1 of 3 evaluation scenes are training scenes too: one; expected none, correct"),
        (
            {},
            {"one": {"points_sha256": "other"}},
            "1 of 3 evaluation scenes are training scenes too: one; expected none",
        ),
        (
            {},
            {"copy": {"points_sha256": "that of one", "points": 40}},
            r"1 of 3 .* too: copy \(there as one\); expected none",
        ),
        (
            {"two": {"points_sha256": "that of three"}},
            {"three": {"points": 40}, **{name: {"points_sha256": "that of one", "points": 40} for name in "ab"}},
            r"4 of 4 .* too: two, three \(there as two\), a \(there as one\) and 1 more; expected none",
        ),
    ],
)
def test_evaluation_scene_that_trains_is_refused(
    tmp_path: Path,
    command: Callable[..., None],
    splits: dict[str, Path],
    train: dict[str, Any],
    evaluate: dict[str, Any],
    sentence: str,
) -> None:
    edit(splits["train"], train)
    edit(splits["val"], evaluate)
    with pytest.raises(UserError, match=f"protocol p: {sentence}"):
        check(command, splits, tmp_path / "p.json", "sofa")
    assert not (tmp_path / "p.json").exists()
    assert not (tmp_path / "p.md").exists()


@pytest.mark.parametrize("points", [1, 31, 32, 10**6])
def test_copy_is_refused_where_chance_is_out_of_the_question_and_else_said_first(
    tmp_path: Path, command: Callable[..., None], splits: dict[str, Path], points: int
) -> None:
    copy = {"points_sha256": "that of one", "points": points, "notes": ["An id is void"]}
    edit(splits["val"], {"copy": copy})
    if points >= 32:
        with pytest.raises(UserError, match=r"1 of 3 .* are training scenes too: copy \(there as one\); expected"):
            check(command, splits, tmp_path / "p.json", "sofa")
        return
    check(command, splits, tmp_path / "p.json", "sofa")
    said = "- Evaluation scenes have the points of training scenes: copy (there as one)."
    assert (tmp_path / "p.md").read_text().splitlines()[4:6] == [said, "- An id is void: copy."]


def test_notes_come_first_with_their_scenes(
    tmp_path: Path, command: Callable[..., None], splits: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    same = {"notes": ["A stray byte is a space", "An id is void"]}
    edit(splits["train"], {"one": same, "four": {"notes": ["A stray byte is a space"]}})
    edit(splits["val"], {"three": same, "five": {"notes": ["A stray byte is a space"]}})
    check(command, splits, tmp_path / "p.json", "sofa")
    lines = (tmp_path / "p.md").read_text().splitlines()
    assert lines[4:6] == ["- A stray byte is a space: one, four, three and 1 more.", "- An id is void: one, three."]
    assert lines[6].startswith("- Known and evaluated, but in no training scene")
    assert "protocol p: An id is void: one, three." in capsys.readouterr().out


def test_scenes_that_are_there_twice_are_said(
    tmp_path: Path, command: Callable[..., None], splits: dict[str, Path]
) -> None:
    edit(splits["val"], {"copy": {"points_sha256": "that of two"}, "again": {"points_sha256": "that of two"}})
    check(command, splits, tmp_path / "p.json", "sofa")
    said = "- Several evaluation scenes have the same points, which count as often: two = copy = again."
    assert (tmp_path / "p.md").read_text().splitlines()[4] == said


def write_in_another_order(file: Path, **points: np.ndarray) -> None:
    test_folder.write_npz(file, **{name: array[::-1] for name, array in points.items()})


def write_with_other_labels(file: Path, **points: np.ndarray) -> None:
    test_folder.write_npz(file, **{**points, "raw": points["raw"][::-1]})


COPIES = [("tile", None), ("tile.npz", write_in_another_order), ("tile.npz", write_with_other_labels)]


@pytest.mark.parametrize(("of_copy", "write"), [*COPIES, *test_folder.FORMATS.values()])
def test_copy_under_another_name_is_told(
    tmp_path: Path, command: Callable[..., None], of_copy: str, write: Callable[..., None] | None
) -> None:
    """Also a link, and the same points in another order, with other labels, in another format."""
    root = tmp_path / "clouds"
    root.mkdir()
    of_points = {name: np.tile(getattr(test_folder, name.upper()), [8] + [1] * (name != "raw")) for name in PARTS}
    test_folder.write_npz(root / "ev_1.npz", **of_points)
    test_folder.write_npz(root / "tr_1.npz", **{**of_points, "coord": of_points["coord"] + 1})
    if write is None:
        (root / "tr_2.npz").symlink_to(root / "ev_1.npz")
    else:
        write(root / f"tr_2{Path(of_copy).suffix}", **of_points)
    manifests = {}
    for split, pattern in (("train", "tr*"), ("val", "ev*")):
        keys = {**test_folder.KEYS, "splits": {split: [pattern]}}
        config = {"dataset": "mine", "layout": "folder", "split": split, "classes": ["ground", "tree", "roof"]}
        manifests[split] = tmp_path / split / "manifest.json"
        given = ["--config", json.dumps({**config, "keys": keys}), "--raw", root, "--code", "this"]
        command("prepare", *given, "--out", manifests[split])
    with pytest.raises(UserError, match=r"1 of 1 evaluation scenes are training scenes too: ev_1 \(there as tr_2\)"):
        check(command, manifests, tmp_path / "p.json", "roof")


def test_training_scenes_without_a_known_class_are_refused(
    tmp_path: Path, command: Callable[..., None], splits: dict[str, Path]
) -> None:
    manifest = json.loads(splits["train"].read_text())
    only_sofa = tmp_path / "sofa.json"
    for scene in manifest["scenes"]:
        scene["class_points"] = {"sofa": 1}
    only_sofa.write_text(json.dumps(manifest))
    with pytest.raises(UserError, match="protocol p: no training scene has a point of a known class; choose other"):
        check(command, {"train": only_sofa, "val": splits["val"]}, tmp_path / "p.json", "sofa")
