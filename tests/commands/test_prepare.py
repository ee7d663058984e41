"""Scenes from raw files: what is kept and what is done again, whatever cut the last run short."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Callable, Dict

import numpy as np
import pytest
from tests.datasets.test_semantickitti import MINI, write_scan

from openworld3d import preparation
from openworld3d.datasets import semantickitti
from openworld3d.errors import UserError
from openworld3d.scene import load_scene

FRAMES = ["000000", "000001", "000002"]
Run = Callable[..., Dict[str, Any]]


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    """Return three scans of a sequence, of 10, 11 and 12 points."""
    for number, frame in enumerate(FRAMES):
        points = np.random.default_rng(number).uniform([-9, -9, -9, 0], [9, 9, 9, 1], (10 + number, 4))
        write_scan(tmp_path / "raw", points, np.repeat([10, 0], [8, 2 + number]), frame)
    return tmp_path / "raw"


@pytest.fixture
def prepare(tmp_path: Path, raw: Path, command: Callable[..., None]) -> Run:
    """Return a call that prepares the sequence and returns its manifest."""

    def run(**changed: Any) -> dict[str, Any]:
        config = {
            "dataset": "mine",
            "layout": "semantickitti",
            "root": str(raw),
            "split": "00",
            "classes": semantickitti.CLASSES,
            "keys": {},
            **changed,
        }
        out = tmp_path / "scenes/manifest.json"
        command("prepare", "--config", json.dumps(config), "--workers", 2, "--out", out)
        manifest: dict[str, Any] = json.loads(out.read_text())
        return manifest

    return run


def times(folder: Path) -> dict[str, int]:
    """Return when each scene was written, in nanoseconds."""
    return {file.stem: file.stat().st_mtime_ns for file in folder.glob("*.npz")}


def test_manifest_says_what_the_scenes_hold(tmp_path: Path, prepare: Run) -> None:
    manifest = prepare()
    assert [scene["name"] for scene in manifest["scenes"]] == [f"00_{frame}" for frame in FRAMES]
    first = manifest["scenes"][0]
    assert first["class_points"] == {"car": 8}
    assert first["void_points"] == 2
    assert first["void_ids"] == {"0": 2}
    assert first["shift"] == [0, 0, 0]
    assert first["appearance"] == "intensity"
    scene = load_scene(tmp_path / "scenes/00_000000.npz", semantickitti.CLASSES)
    assert first["extent"] == pytest.approx(np.ptp(scene.coord, axis=0).tolist(), abs=1e-3)


def test_second_run_keeps_every_scene(tmp_path: Path, prepare: Run, capsys: pytest.CaptureFixture[str]) -> None:
    manifest = prepare()
    before = times(tmp_path / "scenes")
    assert prepare() == manifest
    assert times(tmp_path / "scenes") == before
    assert capsys.readouterr().out.splitlines()[-1] == "3 scenes, 33 points; 3 were there already"


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


@pytest.mark.parametrize("damage", [spoil_scene, lose_scene, change_labels, cut_journal])
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


def test_other_code_or_keys_make_every_scene_again(
    tmp_path: Path, prepare: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare()
    before = times(tmp_path / "scenes")
    prepare(classes=[*semantickitti.CLASSES, "another"])
    now = times(tmp_path / "scenes")
    assert all(now[name] != before[name] for name in before)
    monkeypatch.setattr(preparation, "sha256_of", lambda path: "other code" if path.suffix == ".py" else "same")
    config = {"layout": "semantickitti", "classes": [], "keys": {}}
    other = preparation.how_scenes_are_made(config)
    monkeypatch.undo()
    assert preparation.how_scenes_are_made(config) != other


def test_pattern_of_a_split_is_no_reason_to_make_a_scene_again() -> None:
    config = {"layout": "folder", "classes": ["a"], "keys": {"label": "l", "splits": {"x": ["*.ply"]}}}
    wider = {**config, "keys": {"label": "l", "splits": {"x": ["*"]}}}
    other = {**config, "keys": {"label": "m", "splits": {"x": ["*.ply"]}}}
    assert preparation.how_scenes_are_made(wider) == preparation.how_scenes_are_made(config)
    assert preparation.how_scenes_are_made(other) != preparation.how_scenes_are_made(config)


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


def test_killed_process_is_a_sentence(prepare: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(semantickitti, "read_scene", lambda *_: os._exit(9))
    with pytest.raises(
        UserError, match=r"scene 00_00000.: a process that read this scene or one beside it was killed"
    ):
        prepare()


def test_two_scenes_of_one_name_are_refused(prepare: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(semantickitti, "scenes_of_split", lambda *_: ["00_000000", "00_000001", "00_000000"])
    with pytest.raises(UserError, match="raw: split 00 has scene 00_000000 twice, expected each name once"):
        prepare()


def parts(ids: np.ndarray) -> list[int]:
    """Return for each element the place of the first one of its part: equal for equal partitions."""
    _, first, inverse = np.unique(ids, return_index=True, return_inverse=True)
    return first[inverse.reshape(-1)].tolist()


@pytest.mark.skipif(not MINI.exists(), reason="real scans are absent: set DATA_DIR to the folder that holds them")
def test_every_real_scan_is_prepared_as_its_files_say(tmp_path: Path, command: Callable[..., None]) -> None:
    root, scans = MINI / "dataset", 0
    config = {
        "dataset": "mini",
        "layout": "semantickitti",
        "root": str(root),
        "classes": semantickitti.CLASSES,
        "keys": {},
    }
    for split in sorted(folder.name for folder in (root / "sequences").iterdir()):
        out = tmp_path / split / "manifest.json"
        command("prepare", "--config", json.dumps({**config, "split": split}), "--workers", 1, "--out", out)
        for entry in json.loads(out.read_text())["scenes"]:
            folder, frame = root / "sequences" / split, entry["name"].rsplit("_")[-1]
            points = np.frombuffer((folder / f"velodyne/{frame}.bin").read_bytes(), "<f4").reshape(-1, 4)
            raw = np.frombuffer((folder / f"labels/{frame}.label").read_bytes(), "<u4")
            check_counts(entry, np.bincount(raw & 0xFFFF, minlength=260))
            with np.load(out.with_name(f"{entry['name']}.npz")) as scene:
                assert scene["coord"].tobytes() == points[:, :3].tobytes()
                assert scene["intensity"].tobytes() == points[:, 3].tobytes()
                assert ((scene["instance"] < 0) == (raw >> 16 == 0)).all()
                has = raw >> 16 > 0
                assert parts(scene["instance"][has]) == parts(raw[has])
            scans += 1
    assert scans == 24


def check_counts(entry: dict[str, Any], points_of_id: np.ndarray) -> None:
    """Check a scene of a manifest against the points of each raw id: (260,) integer."""
    of_name: dict[str, int] = {}
    void: dict[str, int] = {}
    for raw_id, points in enumerate(points_of_id.tolist()):
        if points and semantickitti.CLASS_OF_RAW_ID[raw_id] is None:
            void[str(raw_id)] = points
        elif points:
            name = str(semantickitti.CLASS_OF_RAW_ID[raw_id])
            of_name[name] = of_name.get(name, 0) + points
    assert entry["class_points"] == of_name
    assert entry["void_ids"] == void
    assert entry["void_points"] == sum(void.values())
    assert entry["points"] == points_of_id.sum()
