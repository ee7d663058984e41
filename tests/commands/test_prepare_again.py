"""What preparation keeps and what it does again, whatever cut the last run short."""

from __future__ import annotations

import errno
import os
from dataclasses import replace
from pathlib import Path
from typing import Any, Callable

import numpy as np
import pytest
from tests.commands.conftest import Run

from openworld3d.datasets import semantickitti
from openworld3d.datasets.semantickitti import read_scene
from openworld3d.errors import UserError
from openworld3d.raw import prepare as preparation
from openworld3d.raw.labels import Reading
from openworld3d.raw.prepare import SplitConfig
from openworld3d.scenes.scene import load_scene


def times(folder: Path) -> dict[str, int]:
    """Return when each scene was written, in nanoseconds."""
    return {file.stem: file.stat().st_mtime_ns for file in folder.glob("*.npz")}


def test_second_run_keeps_every_scene(tmp_path: Path, prepare: Run, capsys: pytest.CaptureFixture[str]) -> None:
    manifest = prepare()
    before = times(tmp_path / "scenes")
    assert prepare() == manifest
    assert times(tmp_path / "scenes") == before
    assert capsys.readouterr().out.splitlines()[-1] == "3 scenes, 33 points; 3 were there already"


def damage_journal(scenes: Path, raw: Path) -> None:
    """Leave of the second line what a power cut can: zeros where blocks were not written."""
    lines = (scenes / "journal.jsonl").read_bytes().split(b"\n")
    (scenes / "journal.jsonl").write_bytes(b"\n".join([lines[0], bytes(len(lines[1])), lines[2], b"7", b""]))


def spoil_scene(scenes: Path, raw: Path) -> None:
    (scenes / "00_000001.npz").write_bytes(b"half of a sc")


def lose_scene(scenes: Path, raw: Path) -> None:
    (scenes / "00_000001.npz").unlink()


def change_labels(scenes: Path, raw: Path) -> None:
    np.repeat([11, 0], [8, 3]).astype("<u4").tofile(raw / "sequences/00/labels/000001.label")


def cut_journal(scenes: Path, raw: Path) -> None:
    """Leave of the journal what a run had written that was killed in the middle of the second line."""
    lines = (scenes / "journal.jsonl").read_text().splitlines(keepends=True)
    (scenes / "journal.jsonl").write_text(lines[0] + lines[2] + lines[1][:40])


@pytest.mark.parametrize("damage", [spoil_scene, lose_scene, change_labels, cut_journal, damage_journal])
def test_only_what_is_missing_or_changed_is_done_again(
    tmp_path: Path, raw: Path, prepare: Run, damage: Callable[[Path, Path], None]
) -> None:
    prepare()
    before = times(tmp_path / "scenes")
    damage(tmp_path / "scenes", raw)
    manifest = prepare()
    after = times(tmp_path / "scenes")
    assert {name for name in after if after[name] != before.get(name)} == {"00_000001"}
    changed = manifest["scenes"][1]["class_points"]
    assert changed == ({"bicycle": 8} if damage is change_labels else {"car": 8})


def test_scene_touched_and_not_changed_is_kept(tmp_path: Path, raw: Path, prepare: Run) -> None:
    prepare()
    before = times(tmp_path / "scenes")
    os.utime(raw / "sequences/00/labels/000001.label")
    prepare()
    assert times(tmp_path / "scenes") == before


@pytest.mark.parametrize("changed", [{"code": "other"}, {"classes": [*semantickitti.CLASSES, "another"]}])
def test_other_code_or_keys_make_every_scene_again(tmp_path: Path, prepare: Run, changed: dict[str, Any]) -> None:
    prepare()
    before = times(tmp_path / "scenes")
    prepare(**changed)
    now = times(tmp_path / "scenes")
    assert all(now[name] != before[name] for name in before)


def test_pattern_of_a_split_is_no_reason_to_make_a_scene_again() -> None:
    config = SplitConfig("mine", "folder", "x", ["a"], {"label": "l", "splits": {"x": ["*.ply"]}})
    wider = replace(config, keys={"label": "l", "splits": {"x": ["*"]}})
    other = replace(config, keys={"label": "m", "splits": {"x": ["*.ply"]}})
    before = preparation.digest_of(config, "this")
    assert preparation.digest_of(wider, "this") == before
    assert preparation.digest_of(other, "this") != before
    assert preparation.digest_of(config, "other") != before


@pytest.mark.parametrize("links", [True, False])
def test_scenes_of_a_folder_beside_are_linked_and_not_made_again(
    tmp_path: Path, raw: Path, prepare: Run, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    first = prepare(folder="before")
    before = {name: (tmp_path / f"before/{name}.npz").read_bytes() for name in sorted(times(tmp_path / "before"))}
    change_labels(tmp_path / "before", raw)
    read = tmp_path / "read"

    def noted(root: Path, name: str) -> Reading:
        with open(read, "a") as file:
            file.write(f"{name}\n")
        return read_scene(root, name)

    monkeypatch.setattr(semantickitti, "read_scene", noted)
    if not links:
        monkeypatch.setattr(preparation.os, "link", refused)
    manifest = prepare(folder="after")
    assert read.read_text().split() == ["00_000001"]
    assert [entry["class_points"] for entry in manifest["scenes"]] == [{"car": 8}, {"bicycle": 8}, {"car": 8}]
    for number, name in enumerate(before):
        one, other = (tmp_path / f"{folder}/{name}.npz" for folder in ("before", "after"))
        assert one.read_bytes() == before[name]
        assert (one.read_bytes() == other.read_bytes()) == (name != "00_000001")
        assert one.samefile(other) == (links and name != "00_000001")
        assert (manifest["scenes"][number] == first["scenes"][number]) == (name != "00_000001")
    assert prepare(folder="after") == manifest
    assert read.read_text().split() == ["00_000001"]


def refused(*given: object) -> None:
    raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))


@pytest.mark.parametrize("damage", [spoil_scene, lose_scene])
def test_damaged_scene_of_a_folder_beside_is_made_again(
    tmp_path: Path, raw: Path, prepare: Run, damage: Callable[[Path, Path], None]
) -> None:
    first = prepare(folder="before")
    damage(tmp_path / "before", raw)
    assert prepare(folder="after") == first
    assert (tmp_path / "after/00_000000.npz").samefile(tmp_path / "before/00_000000.npz")
    assert load_scene(tmp_path / "after/00_000001.npz", semantickitti.CLASSES)


def test_folder_beside_keeps_its_scenes_when_linked_ones_are_made_again(tmp_path: Path, prepare: Run) -> None:
    prepare(folder="before")
    before = (tmp_path / "before/00_000000.npz").read_bytes()
    prepare(folder="after")
    prepare(folder="after", classes=[*semantickitti.CLASSES, "another"])
    assert (tmp_path / "before/00_000000.npz").read_bytes() == before
    assert not (tmp_path / "after/00_000000.npz").samefile(tmp_path / "before/00_000000.npz")


def test_scene_that_left_the_split_goes(tmp_path: Path, raw: Path, prepare: Run) -> None:
    prepare()
    (raw / "sequences/00/velodyne/000002.bin").unlink()
    assert len(prepare()["scenes"]) == 2
    assert set(times(tmp_path / "scenes")) == {"00_000000", "00_000001"}


def test_mistake_in_one_scene_keeps_the_others_and_leaves_no_manifest(
    tmp_path: Path, raw: Path, prepare: Run
) -> None:
    prepare()
    change_labels(tmp_path / "scenes", raw)
    good = (raw / "sequences/00/velodyne/000002.bin").read_bytes()
    (raw / "sequences/00/velodyne/000002.bin").write_bytes(good[:-1])
    with pytest.raises(UserError, match=r"000002\.bin: is 191 bytes long"):
        prepare()
    assert not (tmp_path / "scenes/manifest.json").exists()
    before = times(tmp_path / "scenes")
    (raw / "sequences/00/velodyne/000002.bin").write_bytes(good)
    prepare()
    assert times(tmp_path / "scenes")["00_000000"] == before["00_000000"]
