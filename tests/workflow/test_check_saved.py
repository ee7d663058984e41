"""What a folder of saved outputs has decides which scores of it a table may have, and planning says so."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.configs import ROOT, SCHEMA, read
from tests.forgetting import forget
from tests.workflow.test_datasets import MINE, PROTOCOL

from openworld3d.errors import UserError
from openworld3d.plugins import declared, literal, names_in
from openworld3d.workflow.check_saved import what_is_missing
from openworld3d.workflow.config import check_config

DEFAULT = read()
PAGE = ROOT / "docs/outputs.md"
SCANNET = ROOT / "workflow_scripts/openworld3d/datasets/scannet.py"
KNOWN = [name for name in literal(SCANNET, "CLASSES") if name != "sofa"]
KINDS = names_in(ROOT / "workflow_scripts/openworld3d/scores")
# Those that read what other networks than ours do not say of a point.
OURS = {
    kind for kind in KINDS if set(declared("scores", kind, "READS")) - {"logits", "features", "range", "saved_score"}
}


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Return the default config with a folder that is empty yet."""
    monkeypatch.chdir(ROOT)
    config = copy.deepcopy(DEFAULT)
    config["recipes"]["theirs"] = {"kind": "saved_outputs", "folder": str(tmp_path)}
    config["tables"]["rooms"]["methods"] = {"theirs": ["msp"]}
    config["scores"].update({kind: {"kind": kind} for kind in KINDS if kind not in config["scores"]})
    return config


def put(folder: Path, name: str, scenes: tuple[str, ...] = ("hall", "attic")) -> None:
    """Put a file into a folder of saved outputs; planning reads its name alone."""
    files = [name] if "/" in name or "." in name else [f"scenes/{scene}/{name}" for scene in scenes]
    for file in files:
        path = folder / (file if file.endswith((".npz", ".json")) else f"{file}.npy")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    forget()


def runs(config: dict[str, Any]) -> set[str]:
    return {kind for kind in KINDS if what_is_missing(config, "theirs", kind) is None}


def page_rows() -> list[tuple[str, set[str]]]:
    """Return what the page says is saved, each in addition, and the scores that it says run then."""
    table = PAGE.read_text().split("| saved | scores |\n| --- | --- |\n")[1].split("\n\n")[0]
    cells = [line.strip("| ").split(" | ") for line in table.splitlines()]
    return [(re.findall("`(.+)`", first)[0], set(re.findall("`(.+?)`", second))) for first, second in cells]


def test_page_says_which_scores_run(config: dict[str, Any], tmp_path: Path) -> None:
    said: set[str] = set()
    for name, scores in page_rows():
        put(tmp_path, name)
        said |= scores
        assert runs(config) == said, name
    assert said | OURS == set(KINDS)


REFUSALS: list[tuple[list[str], str, str]] = [
    (
        [],
        "msp",
        "reads logits of each scene, but FOLDER has no outputs of scenes, no training sample and no last layer; "
        "save scenes/SCENE/logits.npy, or take the score out",
    ),
    (
        ["logits"],
        "knn",
        "reads features of each scene and is fitted on features and labels, but FOLDER has logits, no "
        "training sample and no last layer; save scenes/SCENE/features.npy, train_sample/features.npy, "
        "train_sample/label.npy, or take the score out",
    ),
    (
        ["logits", "train_sample/logits"],
        "openmax",
        "but FOLDER has logits, a training sample with logits and no last "
        "layer; save train_sample/label.npy, or take the score out",
    ),
    (
        ["logits", "features", "train_sample/logits", "train_sample/features"],
        "vim",
        "fitted on logits, features and the last layer, but FOLDER has logits and features, a training sample with "
        "logits and features and no last layer; save classifier.npz, or take",
    ),
    (
        ["logits", "classifier.npz"],
        "ash",
        "reads features of each scene and is fitted on the last layer, but FOLDER has "
        "logits, no training sample and the last layer; save scenes/SCENE/features.npy, or take",
    ),
    (
        ["logits", "train_sample/logits"],
        "range_standardised_max_logit",
        "save train_sample/range.npy, or take the score out",
    ),
    (
        ["score"],
        "energy",
        "but FOLDER has a score, no training sample and no last layer; save scenes/SCENE/logits.npy, or",
    ),
    (
        ["logits"],
        "mutual_information",
        "reads mutual_information, which saved outputs do not have; take the score out, or "
        "save one that is computed elsewhere as score.npy and name a score of kind saved_score",
    ),
]


@pytest.mark.parametrize(("files", "score", "sentence"), REFUSALS)
def test_what_is_missing_is_told(
    config: dict[str, Any], tmp_path: Path, files: list[str], score: str, sentence: str
) -> None:
    for name in files:
        put(tmp_path, name)
    said = what_is_missing(config, "theirs", score)
    assert said is not None
    assert sentence.replace("FOLDER", str(tmp_path)) in said


def test_output_that_some_scenes_lack_is_counted(config: dict[str, Any], tmp_path: Path) -> None:
    put(tmp_path, "logits")
    put(tmp_path, "features", ("hall",))
    assert "has logits and features of 1 of 2 scenes, no" in str(what_is_missing(config, "theirs", "gradnorm"))


def test_flat_folder_is_told_to_have_a_folder_per_scene(config: dict[str, Any], tmp_path: Path) -> None:
    np.save(tmp_path / "hall.npy", np.zeros((3, 2)))
    forget()
    assert "save scenes/SCENE/logits.npy, scenes/SCENE/features.npy" in str(
        what_is_missing(config, "theirs", "gradnorm")
    )


@pytest.mark.parametrize(
    ("classes", "sentence"),
    [
        (
            ["sofa", *KNOWN],
            r"meta.json: classes, in protocol sofa, says sofa, which the protocol holds unknown: the netw",
        ),
        (KNOWN[1:], f"meta.json: classes, in protocol sofa, lacks {KNOWN[0]}, which are known classes"),
        (["chiar", *KNOWN], "says chiar, but class chiar does not exist, did you mean chair"),
    ],
)
def test_columns_are_what_a_protocol_knows(
    config: dict[str, Any], tmp_path: Path, classes: list[str], sentence: str
) -> None:
    put(tmp_path, "logits")
    (tmp_path / "meta.json").write_text(json.dumps({"classes": KNOWN[::-1]}))
    check_config(config, SCHEMA)
    (tmp_path / "meta.json").write_text(json.dumps({"classes": classes}))
    forget()
    with pytest.raises(UserError, match=sentence):
        check_config(config, SCHEMA)


def test_scene_that_is_missing_is_told(config: dict[str, Any], tmp_path: Path) -> None:
    """Scenes that are not generated but lie there are known while planning."""
    for name in ("w/a.laz", "e/b.laz", "e/c.laz"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    config["datasets"]["mine"] = {**MINE, "root": str(tmp_path)}
    config["protocols"]["mine"] = PROTOCOL
    config["tables"]["rooms"]["protocols"] = ["mine"]
    saved = tmp_path / "saved"
    config["recipes"]["theirs"]["folder"] = str(saved)
    put(saved, "logits", ("e_b", "e_d"))
    with pytest.raises(
        UserError, match=r"has nothing of scene e_c, did you mean e_[bd]; .* \(1 of 2 scenes are missing\)"
    ):
        check_config(config, SCHEMA)
    put(saved, "logits", ("e_b", "e_c"))
    check_config(config, SCHEMA)
