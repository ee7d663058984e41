"""Scenes from raw files: what is kept and what is done again, whatever cut the last run short."""

from __future__ import annotations

import os
import time
from concurrent.futures import Future, as_completed
from pathlib import Path
from typing import Any, Callable, Iterable, Iterator

import numpy as np
import pytest
from tests.commands.conftest import FRAMES, Run
from tests.datasets.scannet_scan import write_scan as write_room
from tests.datasets.test_semantickitti import write_scan

from openworld3d.datasets import s3dis, scannet, semantickitti
from openworld3d.errors import UserError
from openworld3d.raw import prepare as preparation
from openworld3d.raw.labels import Reading
from openworld3d.scenes.scene import load_scene

READ_SCENE = semantickitti.read_scene


def test_rows_without_a_return_are_no_points_and_are_remembered(tmp_path: Path, prepare: Run) -> None:
    points = np.random.default_rng(0).uniform([1, 1, -2, 0], [9, 9, 2, 9], (6, 4))
    points[[0, 4]] = 0
    write_scan(tmp_path / "stu", points, np.array([0, 1, 2, 1, 0, 0]), sequence="val/125")
    keys = {"intensity_full": 1}
    manifest = prepare(tmp_path / "stu", layout="stu", split="125", keys=keys)
    (entry,) = manifest["scenes"]
    assert (entry["name"], entry["points"], entry["void_points"]) == ("125_000000", 4, 4)
    assert entry["raw_points"] == entry["void_ids"] == {"0": 1, "1": 2, "2": 1}
    assert "clipped" in entry["notes"][0]
    scene = load_scene(tmp_path / "scenes/125_000000.npz", manifest["classes"])
    assert scene.is_point is not None
    assert scene.is_point.tolist() == [False, True, True, True, False, True]
    assert scene.raw is not None
    assert scene.raw.tolist() == [1, 2, 1, 0]


def test_manifest_says_what_the_scenes_hold(tmp_path: Path, prepare: Run) -> None:
    manifest = prepare()
    assert [scene["name"] for scene in manifest["scenes"]] == [f"00_{frame}" for frame in FRAMES]
    first = manifest["scenes"][0]
    assert first["class_points"] == {"car": 8}
    assert first["void_points"] == 2
    assert first["void_ids"] == {"0": 2}
    assert first["raw_points"] == {"0": 2, "10": 8}
    assert first["notes"] == []
    assert first["shift"] == [0, 0, 0]
    assert first["notes"] == []
    assert first["appearance"] == "intensity"
    scene = load_scene(tmp_path / "scenes/00_000000.npz", semantickitti.CLASSES)
    assert first["extent"] == pytest.approx(np.ptp(scene.coord, axis=0).tolist(), abs=1e-3)


def test_manifest_has_the_notes_of_the_reader(tmp_path: Path, prepare: Run) -> None:
    write_object = write_area(tmp_path / "s3dis")
    area = {"layout": "s3dis", "split": "Area_5", "classes": s3dis.CLASSES}
    noted = "In ceiling_1.txt the release's stray byte 0x00 is read as ' '"
    for _ in range(2):  # the second time from the journal
        assert [scene["notes"] for scene in prepare(tmp_path / "s3dis", **area)["scenes"]] == [[noted], []]
    write_object("hallway_6", b"1 2 3 4 5 6\n")
    assert [scene["notes"] for scene in prepare(tmp_path / "s3dis", **area)["scenes"]] == [[], []]


def write_area(root: Path) -> Callable[[str, bytes], object]:
    """Write two rooms of one object each, the first with a fault of the release; return what writes an object."""

    def write(room: str, text: bytes) -> None:
        folder = root / "Area_5" / room / "Annotations"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "ceiling_1.txt").write_bytes(text)

    write("hallway_6", b"1 2 3 4\x005 6\n")
    write("hallway_7", b"1 2 3 4 5 6\n")
    return write


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        *(
            (name, r"clouds: holds '.*', expected a name in UTF-8, without")
            for name in ("a\nb", "caf\udce9", "\x1b[31m")
        ),
        (".tile", "clouds: has no file that matches split 00's pattern"),
    ],
)
def test_scene_of_a_name_that_no_page_can_have_is_a_sentence(
    tmp_path: Path, prepare: Run, name: str, sentence: str
) -> None:
    clouds = tmp_path / "clouds"
    clouds.mkdir()
    np.savez(clouds / "hall.npz", coord=np.zeros((3, 3)), label=[0, 1, 2])
    (clouds / "hall.npz").rename(clouds / f"{name}.npz")
    keys = {"splits": {"00": ["*.npz"]}, "color": None, "intensity": None}
    with pytest.raises(UserError, match=sentence):
        prepare(clouds, layout="folder", keys=keys)


def test_killed_process_is_a_sentence(prepare: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(semantickitti, "read_scene", lambda *_: os._exit(9))
    with pytest.raises(UserError, match=r"scene 00_00000.: a process that read this scene or another one was killed"):
        prepare()


def test_interrupt_stops_the_scenes_that_wait(raw: Path, prepare: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = raw.parent / "begun"

    def read_slowly(root: Path, name: str) -> Reading:
        with open(begun, "a") as file:
            file.write(f"{name}\n")
        time.sleep(0.05)
        return READ_SCENE(root, name)

    def interrupted(futures: Iterable[Future[Any]]) -> Iterator[Future[Any]]:
        yield next(iter(as_completed(futures)))
        raise KeyboardInterrupt

    for number in range(3, 40):
        points = np.zeros((10, 4))
        write_scan(raw, points, np.full(10, 10), f"{number:06d}")
    monkeypatch.setattr(semantickitti, "read_scene", read_slowly)
    monkeypatch.setattr(preparation, "as_completed", interrupted)
    with pytest.raises(KeyboardInterrupt):
        prepare()
    # Those at work, and what the pool has handed to them already; not all forty.
    assert len(begun.read_text().splitlines()) < 20
    assert not (raw.parent / "scenes/manifest.json").exists()


def test_list_that_names_a_scene_twice_is_refused(tmp_path: Path, prepare: Run) -> None:
    root = tmp_path / "rooms"
    write_room(root)
    (root / "scannetv2_train.txt").write_text("scene0000_00\nscene0000_00\n")
    with pytest.raises(UserError, match="rooms: split train has scene scene0000_00 twice, expected each name once;"):
        prepare(root, layout="scannet", split="train", classes=scannet.CLASSES)


def test_map_keeps_its_millimetres_in_the_scene_and_its_shift_in_the_manifest(tmp_path: Path, prepare: Run) -> None:
    folder = tmp_path / "maps/Area_1/office_3/Annotations"
    folder.mkdir(parents=True)
    (folder / "wall_1.txt").write_text("10000000.001 -20000000.5 1.25 1 2 3\n1e7 -2e7 1 1 2 3\n")
    manifest = prepare(tmp_path / "maps", layout="s3dis", split="Area_1", classes=s3dis.CLASSES)
    assert manifest["scenes"][0]["shift"] == [1e7, -20000001, 1]
    scene = load_scene(tmp_path / "scenes/Area_1_office_3.npz", s3dis.CLASSES)
    assert np.abs(scene.coord - [[0.001, 0.5, 0.25], [0, 1, 0]]).max() < 1e-6


def listing(root: Path) -> dict[str, tuple[int, int]]:
    """Return the mode and the time of the last change of each file and folder."""
    found = [root, *root.rglob("*")]
    return {str(path): (path.stat().st_mode, path.stat().st_mtime_ns) for path in found}


def test_root_is_only_read(raw: Path, prepare: Run) -> None:
    for path in [raw, *raw.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    before = listing(raw)
    assert len(prepare()["scenes"]) == 3
    assert listing(raw) == before
    for path in [raw, *raw.rglob("*")]:
        path.chmod(0o755)


def test_scene_of_one_point_is_prepared(tmp_path: Path, raw: Path, prepare: Run) -> None:
    write_scan(raw, np.array([[1, 2, 3, 0.5]]), np.array([10]), "000001")
    entry = prepare()["scenes"][1]
    assert (entry["points"], entry["extent"], entry["class_points"]) == (1, [0, 0, 0], {"car": 1})
    assert len(load_scene(tmp_path / "scenes/00_000001.npz", semantickitti.CLASSES)) == 1
