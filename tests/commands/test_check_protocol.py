from __future__ import annotations

import json
from pathlib import Path
from typing import Callable

import pytest

from openworld3d.errors import UserError


@pytest.fixture
def splits(tmp_path: Path) -> dict[str, Path]:
    points = {
        "train": {"one": {"wall": 6, "sofa": 2}},
        "val": {"two": {"wall": 3, "sofa": 1}, "three": {"wall": 4, "lamp": 4}},
    }
    paths = {}
    for split, scenes in points.items():
        paths[split] = tmp_path / split / "manifest.json"
        paths[split].parent.mkdir()
        entries = [{"name": name, "class_points": count} for name, count in scenes.items()]
        paths[split].write_text(json.dumps({"classes": ["wall", "sofa", "lamp", "bed"], "scenes": entries}))
    return paths


def check(command: Callable[..., None], splits: dict[str, Path], out: Path, *unknown: str) -> None:
    config = json.dumps({"protocol": "p", "unknown": unknown})
    files = ["--train", splits["train"], "--evaluate", splits["val"]]
    command("check_protocol", "--config", config, *files, "--out", out)


def test_report_by_hand(tmp_path: Path, command: Callable[..., None], splits: dict[str, Path]) -> None:
    out = tmp_path / "p.json"
    check(command, splits, out, "sofa")
    assert json.loads(out.read_text()) == {
        "evaluate": [str(splits["val"])],
        "train_points": {"wall": 6, "sofa": 2},
        "evaluate_points": {"wall": 7, "sofa": 1, "lamp": 4},
        "never_taught": ["lamp"],
        "unknown_share": {"two": 0.25, "three": 0.0},
        "scenes_without_unknown": ["three"],
    }


@pytest.mark.parametrize(
    ("unknown", "sentence"),
    [
        (["bed"], "protocol p: no scene of .* has a point of the unknown class bed; choose evaluation splits"),
        (["soffa"], "class soffa does not exist in the dataset, did you mean sofa"),
        (["wall", "sofa"], "protocol p: no training scene has a point of a known class"),
    ],
)
def test_protocol_that_cannot_be_answered_is_refused(
    tmp_path: Path, command: Callable[..., None], splits: dict[str, Path], unknown: list[str], sentence: str
) -> None:
    with pytest.raises(UserError, match=sentence):
        check(command, splits, tmp_path / "p.json", *unknown)
    assert not (tmp_path / "p.json").exists()
