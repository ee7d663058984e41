"""Files from outside are told by their stamps, and by their bytes where times alone have moved."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any, Callable, Dict

import pytest
from tests.datasets.scannet_scan import write_scan
from tests.datasets.test_nuscenes import write_mini, write_table

from openworld3d.datasets import nuscenes
from openworld3d.errors import UserError
from openworld3d.provenance import records
from openworld3d.raw.journal import write_journal
from openworld3d.workflow import outside as module
from openworld3d.workflow.outside import ABSENT, FILES, IDENTITIES, Outside, identity_of, note_files

FOLDER = "results/scenes/mine/val"
KEY = "abcdefghijkl"
Files = Dict[str, bytes]


@pytest.fixture
def saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Outside:
    """Return three files that somebody saved."""
    monkeypatch.chdir(tmp_path)
    root = tmp_path / "theirs"
    root.mkdir()
    for name in ("attic", "cellar", "hall"):
        (root / f"{name}.npy").write_bytes(f"the bytes of {name}".encode())
    return Outside("saved", str(root), part="all")


def now(outside: Outside) -> str:
    return identity_of(outside, FOLDER, again=True)


def make_result(outside: Outside, key: str = KEY) -> str:
    """Note what a result was made from, as a job does, and return its identity."""
    identity = now(outside)
    note_files(outside, identity, Path(FOLDER) / key)
    return identity


def touch(root: Path) -> None:
    os.utime(root / "hall.npy", ns=(1, 1))


def copy(root: Path) -> None:
    """Leave another file of the same bytes."""
    (root / "copy").write_bytes((root / "hall.npy").read_bytes())
    os.replace(root / "copy", root / "hall.npy")


def move_all(root: Path) -> None:
    for file in root.glob("*.npy"):
        os.utime(file)


def add_another_kind(root: Path) -> None:
    (root / "readme.txt").write_text("of no result")


def flip(root: Path) -> None:
    """Turn over one bit, and give the file back its size and the time that it had."""
    file = root / "hall.npy"
    before = file.stat()
    changed = bytearray(file.read_bytes())
    changed[3] ^= 1
    file.write_bytes(changed)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (file.stat().st_size, file.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)


def swap(root: Path) -> None:
    """Give two files each the other's name."""
    for one, other in (("hall", "x"), ("attic", "hall"), ("x", "attic")):
        (root / f"{one}.npy").rename(root / f"{other}.npy")


def lengthen(root: Path) -> None:
    with open(root / "hall.npy", "ab") as file:
        file.write(b"more")


def add(root: Path) -> None:
    (root / "porch.npy").write_bytes(b"new")


def remove(root: Path) -> None:
    (root / "hall.npy").unlink()


def rename(root: Path) -> None:
    (root / "hall.npy").rename(root / "lobby.npy")


SAME = [touch, copy, move_all, add_another_kind]
OTHER = [flip, swap, lengthen, add, remove, rename]


def test_same_stamps_are_the_same_identity_and_nothing_is_read(
    saved: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = make_result(saved)
    monkeypatch.setattr(module, "sha256_of", lambda path: pytest.fail(f"{path} is read"))
    assert now(saved) == before == now(saved)
    assert len(before) == 16


@pytest.mark.parametrize("change", SAME)
def test_same_bytes_keep_the_identity_once_a_result_stands(saved: Outside, change: Callable[[Path], None]) -> None:
    before = make_result(saved)
    change(Path(saved.root))
    assert now(saved) == before


@pytest.mark.parametrize("change", OTHER)
@pytest.mark.parametrize("stands", [True, False])
def test_other_files_are_another_identity(saved: Outside, change: Callable[[Path], None], stands: bool) -> None:
    before = make_result(saved) if stands else now(saved)
    change(Path(saved.root))
    assert now(saved) != before


def test_moved_times_are_another_identity_while_no_result_stands(saved: Outside) -> None:
    """There is nothing yet whose bytes could be compared."""
    before = now(saved)
    touch(Path(saved.root))
    assert now(saved) != before
    assert not Path(FOLDER).exists()


def test_bytes_are_compared_once_for_each_state(saved: Outside, monkeypatch: pytest.MonkeyPatch) -> None:
    before = make_result(saved)
    touch(Path(saved.root))
    read: list[str] = []

    def sha256_of(path: Path) -> str:
        read.append(path.name)
        return records.sha256_of(path)

    monkeypatch.setattr(module, "sha256_of", sha256_of)
    assert [now(saved), now(saved)] == [before, before]
    assert read == ["hall.npy"]


def test_files_that_are_put_back_have_the_identity_that_they_had(saved: Outside) -> None:
    file = Path(saved.root) / "hall.npy"
    whole, before = file.read_bytes(), make_result(saved)
    file.write_bytes(whole[::-1])
    other = make_result(saved, "lkjihgfedcba")
    assert other != before
    file.write_bytes(whole)
    assert now(saved) == before
    file.write_bytes(whole[::-1])
    assert now(saved) == other


def test_process_looks_once(saved: Outside) -> None:
    before = identity_of(saved, FOLDER, again=True)
    flip(Path(saved.root))
    assert identity_of(saved, FOLDER) == before != identity_of(saved, FOLDER, again=True)


@pytest.mark.parametrize("text", ["", "{", "\0" * 20, "half of a"])
@pytest.mark.parametrize("place", [f"{FOLDER}/{IDENTITIES}", f"{FOLDER}/{KEY}/{FILES}"])
def test_note_that_cannot_be_read_is_none(saved: Outside, place: str, text: str) -> None:
    before = make_result(saved)
    Path(place).write_text(text)
    assert now(saved) == before
    touch(Path(saved.root))
    assert (now(saved) == before) == (KEY not in place)


@pytest.mark.parametrize("name", ["hall.npy", "*.npy", "-[h]?.npy"])
def test_one_file_is_told_by_its_path_and_a_folder_by_its_own(saved: Outside, name: str) -> None:
    (Path(saved.root) / "hall.npy").replace(Path(saved.root) / name)
    one = saved._replace(part=None, name=name)
    assert (one.path, saved.path) == (f"{saved.root}/{name}", saved.root)
    before = now(one)
    assert before != "absent"
    (Path(saved.root) / "attic.npy").unlink()
    assert now(one) == before


@pytest.fixture
def scans(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Outside:
    """Return the raw files of one room in ScanNet's layout."""
    monkeypatch.chdir(tmp_path)
    write_scan(tmp_path / "raw")
    (tmp_path / "raw/scannetv2_val.txt").write_text("scene0000_00\n")
    return Outside("raw", str(tmp_path / "raw"), layout="scannet", split="val", keys={})


def test_raw_files_are_those_of_the_split(scans: Outside) -> None:
    before = make_result(scans)
    (Path(scans.root) / "scans/scene0000_00/notes.txt").write_text("of no scene")
    assert now(scans) == before
    (mesh,) = Path(scans.root).rglob("*.labels.ply")
    mesh.write_bytes(mesh.read_bytes() + b" ")
    assert now(scans) != before


def no_root(outside: Outside) -> Outside:
    return outside._replace(root=f"{outside.root} elsewhere")


def no_list(outside: Outside) -> Outside:
    (Path(outside.root) / "scannetv2_val.txt").unlink()
    return outside


def no_mesh(outside: Outside) -> Outside:
    for file in Path(outside.root).rglob("*.ply"):
        file.unlink()
    return outside


@pytest.mark.parametrize("miss", [no_root, no_list, no_mesh])
def test_raw_files_that_are_not_there_are_absent(scans: Outside, miss: Callable[[Outside], Outside]) -> None:
    assert now(scans) != ABSENT
    assert now(miss(scans)) == ABSENT


def test_results_stand_where_the_raw_files_are_not(scans: Outside) -> None:
    before = make_result(scans)
    Path(scans.root).rename("unmounted")
    assert now(scans) == before


@pytest.fixture
def drives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Outside:
    """Return the raw files of nuScenes, whose tables take long to read."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "raw").mkdir()
    write_mini(tmp_path / "raw")
    return Outside("raw", str(tmp_path / "raw"), layout="nuscenes", split="mini_val", keys={})


def test_long_tables_are_read_once(drives: Outside, monkeypatch: pytest.MonkeyPatch) -> None:
    before = now(drives)
    monkeypatch.setattr(module, "scenes_of_split", None)
    assert now(drives) == before
    (scan,) = Path(drives.root).rglob("first*lidarseg.bin")
    scan.write_bytes(scan.read_bytes() + b"0")
    assert now(drives) != before


def test_order_of_a_split_is_part_of_its_identity(scans: Outside) -> None:
    """A training draws its scenes by their number."""
    root = Path(scans.root)
    (root / "scans/scene0000_00").rename(root / "one")
    for name in ("scene0001_00", "scene0002_00"):
        shutil.copytree(root / "one", root / "scans" / name)
        for file in (root / "scans" / name).iterdir():
            file.rename(file.with_name(file.name.replace("scene0000_00", name)))
    (root / "scannetv2_val.txt").write_text("scene0001_00\nscene0002_00\n")
    before = make_result(scans)
    (root / "scannetv2_val.txt").write_text("scene0002_00\nscene0001_00\n")
    assert now(scans) != before


def test_another_root_that_is_not_there_is_not_the_one_before(scans: Outside) -> None:
    make_result(scans)
    assert now(scans._replace(root="of another dataset")) == ABSENT


def test_tables_that_changed_are_read_again(drives: Outside) -> None:
    before = now(drives)
    nuscenes.scans_of_drives.cache_clear()
    write_table(Path(drives.root), "scene", [{"token": "empty", "name": "scene-0916"}])
    assert now(drives) != before


@pytest.mark.parametrize("changed", [{"root": "elsewhere"}, {"part": "sample"}, {"name": "porch.npy"}])
def test_saved_files_that_are_not_there_are_absent(saved: Outside, changed: dict[str, Any]) -> None:
    assert now(saved._replace(**changed)) == ABSENT
    with pytest.raises(UserError, match="there is no such file; put it there, or correct the path"):
        note_files(saved._replace(**changed), ABSENT, Path(FOLDER))


def test_what_a_journal_has_read_is_not_read_again(saved: Outside, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Path(FOLDER) / KEY
    folder.mkdir(parents=True)
    write_journal(folder, [{"name": "hall", "made_with": "", "raw": {"hall.npy": "of the journal"}, "scene": {}}])
    read: list[str] = []
    monkeypatch.setattr(module, "sha256_of", lambda path: read.append(path.name))
    note_files(saved, "this", folder)
    assert read == ["attic.npy", "cellar.npy"]
    assert '"of the journal"' in (folder / FILES).read_text()
