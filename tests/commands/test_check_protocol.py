from __future__ import annotations

import json
from pathlib import Path
from typing import Callable

import pytest

from openworld3d.errors import UserError

PAGE = """# Protocol p

Unknown: sofa.

- Known and evaluated, but in no training scene: lamp.
- 1 of 2 evaluation scenes have no unknown point: three.

## Points of each class

| class |  | train | share | evaluate | share |
| :-- | :-- | --: | --: | --: | --: |
| wall | known | 6 | 66.67% | 7 | 58.33% |
| sofa | unknown | 2 | 22.22% | 1 | 8.33% |
| lamp | known | 0 | 0.00% | 4 | 33.33% |
| bed | known | 0 | 0.00% | 0 | 0.00% |
| rug | known | 1 | 11.11% | 0 | 0.00% |
| void | in neither | 5 |  | 10 |  |

## Raw ids that are void

| raw id | train | evaluate |
| :-- | --: | --: |
| 0 | 3 | 6 |
| 7 | 2 | 4 |

## Unknown share of the labelled points of each evaluation scene

| scene | points | unknown |
| :-- | --: | --: |
| two | 9 | 25.00% |
| three | 13 | 0.00% |
| all | 22 | 8.33% |
"""


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
            }
            for name, count in scenes.items()
        ]
        paths[split].write_text(json.dumps({"classes": ["wall", "sofa", "lamp", "bed", "rug"], "scenes": entries}))
    return paths


def check(command: Callable[..., None], splits: dict[str, Path], out: Path, *unknown: str) -> None:
    config = json.dumps({"protocol": "p", "unknown": unknown})
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


def test_unknown_majority_is_said(
    tmp_path: Path, command: Callable[..., None], splits: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    check(command, splits, tmp_path / "p.json", "wall")
    sentence = "58.3% of the labelled evaluation points are unknown: most points, so "
    assert f"- {sentence}that a random score has an AUPR of 0.583." in (tmp_path / "p.md").read_text()
    assert f"protocol p: {sentence}" in capsys.readouterr().out


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


def test_training_scenes_without_a_known_class_are_refused(
    tmp_path: Path, command: Callable[..., None], splits: dict[str, Path]
) -> None:
    manifest = json.loads(splits["val"].read_text())
    only_sofa = tmp_path / "sofa.json"
    for scene in manifest["scenes"]:
        scene["class_points"] = {"sofa": 1}
    only_sofa.write_text(json.dumps(manifest))
    with pytest.raises(UserError, match="protocol p: no training scene has a point of a known class; choose other"):
        check(command, {"train": only_sofa, "val": splits["val"]}, tmp_path / "p.json", "sofa")
