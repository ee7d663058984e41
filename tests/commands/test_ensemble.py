from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Callable

import numpy as np
import pytest
from tests.commands.conftest import write_manifest

from openworld3d.errors import UserError

FLOAT32 = json.dumps({"stored_precision": "float32"})


def write_member(folder: Path, logits: list[list[float]], inverse: list[int], precision: str = "float32") -> Path:
    """Write the outputs of one network of one scene."""
    folder.mkdir()
    rows = len(logits)
    np.savez(
        folder / "hall.npz",
        logits=np.array(logits, precision),
        features=np.zeros((rows, 7), np.float32),
        inverse=np.array(inverse, np.int32),
        visits=np.arange(1, rows + 1, dtype=np.int32),
        halved_crops=np.array(3),
    )
    return write_manifest(folder, {"coverage": "single", "columns": ["wall", "lamp"], "scenes": [{"name": "hall"}]})


def test_members_are_joined_by_hand(tmp_path: Path, command: Callable[..., None]) -> None:
    """Probabilities of the first row are 3/4, 1/4 and 1/2, 1/2; those of the second are alike."""
    members = [
        write_member(tmp_path / "one", [[math.log(3), 0], [5, 5]], [0, 1, 1]),
        write_member(tmp_path / "other", [[0, 0], [5, 5]], [0, 1, 1]),
    ]
    out = tmp_path / "joined/manifest.json"
    command("ensemble", "--config", FLOAT32, "--members", *members, "--out", out)
    manifest = json.loads(out.read_text())
    assert (manifest["coverage"], manifest["columns"]) == ("single", ["wall", "lamp"])
    (entry,) = manifest["scenes"]
    assert (entry["name"], entry["points"], entry["rows"], entry["halved_crops"]) == ("hall", 3, 2, 3)
    with np.load(out.with_name("hall.npz")) as joined:
        assert sorted(joined.files) == [
            *("class_variance", "halved_crops", "inverse", "logits", "mutual_information", "visits")
        ]
        logits = joined["logits"]
        assert logits[0, 0] - logits[0, 1] == pytest.approx(math.log(5 / 3))
        assert logits[1] == pytest.approx([5, 5])
        assert joined["class_variance"][:, 0] == pytest.approx([1 / 32, 0], abs=1e-9)
        sure = 2 * math.log(2) - 3 / 4 * math.log(3)
        mean = -5 / 8 * math.log(5 / 8) - 3 / 8 * math.log(3 / 8)
        assert joined["mutual_information"][:, 0] == pytest.approx([mean - (sure + math.log(2)) / 2, 0], abs=1e-7)
        assert joined["inverse"].tolist() == [0, 1, 1]
        assert joined["visits"].tolist() == [1, 2]


def test_members_and_their_ensemble_may_be_stored_in_half_the_bits(
    tmp_path: Path, command: Callable[..., None]
) -> None:
    for precision in ("float32", "float16"):
        folder = tmp_path / precision
        folder.mkdir()
        members = [
            write_member(folder / "one", [[3, 1], [5, 5]], [0, 1, 1], precision),
            write_member(folder / "other", [[0.5, 0], [5, 5]], [0, 1, 1], precision),
        ]
        config = json.dumps({"stored_precision": precision})
        command("ensemble", "--config", config, "--members", *members, "--out", folder / "joined/manifest.json")
    files = [tmp_path / precision / "joined/hall.npz" for precision in ("float32", "float16")]
    with np.load(files[0]) as whole, np.load(files[1]) as halved:
        for name in ("logits", "mutual_information", "class_variance"):
            assert halved[name].dtype == np.float16
            assert np.array_equal(halved[name], whole[name].astype(np.float16))


def test_shard_without_scenes_has_a_manifest_alone(tmp_path: Path, command: Callable[..., None]) -> None:
    (tmp_path / "one").mkdir()
    member = write_manifest(tmp_path / "one", {"coverage": "single", "columns": ["wall", "lamp"], "scenes": []})
    command("ensemble", "--config", FLOAT32, "--members", member, member, "--out", tmp_path / "joined/manifest.json")
    assert json.loads((tmp_path / "joined/manifest.json").read_text())["scenes"] == []


def test_members_of_other_rows_are_refused(tmp_path: Path, command: Callable[..., None]) -> None:
    members = [
        write_member(tmp_path / "one", [[0, 0], [5, 5]], [0, 1, 1]),
        write_member(tmp_path / "other", [[0, 0], [5, 5]], [0, 0, 1]),
    ]
    with pytest.raises(
        UserError,
        match=r"other/hall.npz: its rows differ from those of .*one/hall.npz, expected the same; infer both again",
    ):
        command("ensemble", "--config", FLOAT32, "--members", *members, "--out", tmp_path / "joined/manifest.json")
    assert not (tmp_path / "joined").exists()
