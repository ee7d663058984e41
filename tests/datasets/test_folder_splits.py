"""Which files of a folder are of which split, and which scene each of them is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.datasets.clouds import COORD, INTENSITY, KEYS, RAW, write_npz, write_ply
from tests.datasets.test_folder import read

from openworld3d.datasets.folder import files_of_scene, read_scene, scenes_of_split
from openworld3d.errors import FILE_SYSTEM_ERRORS, UserError
from openworld3d.scenes.scene import VOID


def test_split_is_what_its_patterns_match(tmp_path: Path) -> None:
    for file in ("north/a b.npz", "north/é.npz", "south/a b.npz", "top.npz"):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        write_npz(tmp_path / file)
    keys = {**KEYS, "splits": {"n": ["north/*", "north/a*"], "all": ["**/*.npz"]}}
    assert scenes_of_split(tmp_path, "n", **keys) == ["north_a b", "north_é"]
    assert scenes_of_split(tmp_path, "all", **keys) == ["north_a b", "north_é", "south_a b", "top"]
    assert read_scene(tmp_path, "north_é", **keys).scene.label.tolist() == [1, 0, 2, VOID]


def test_endings_match_in_any_case_and_files_of_a_mac_are_left_out(tmp_path: Path) -> None:
    for file in ("tr_1.npz", "TR_2.npz", "tr_3.NPZ", "tr_4.Npz", "west/tr_5.NPZ"):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        with open(tmp_path / file, "wb") as stream:  # a path would get another .npz
            np.savez(stream, coord=COORD, classification=RAW, intensity=INTENSITY)
    for file in ("._tr_1.npz", "west/._tr_5.NPZ", "__MACOSX/tr_1.npz"):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_bytes(b"\0\5\26\7")
    keys = {**KEYS, "splits": {"tr": ["tr*.npz"], "all": ["**/*.NPZ"]}}
    assert scenes_of_split(tmp_path, "tr", **keys) == ["tr_1", "tr_3", "tr_4"]
    assert scenes_of_split(tmp_path, "all", **keys) == ["TR_2", "tr_1", "tr_3", "tr_4", "west_tr_5"]
    assert read_scene(tmp_path, "west_tr_5", **keys).scene.label.tolist() == [1, 0, 2, VOID]


def test_files_that_come_and_go_are_seen_by_the_next_listing(tmp_path: Path) -> None:
    write_npz(tmp_path / "tile.npz")
    assert scenes_of_split(tmp_path, "all", **KEYS) == ["tile"]
    assert files_of_scene(tmp_path, "tile", **KEYS) == [tmp_path / "tile.npz"]
    (tmp_path / "tile.npz").rename(tmp_path / "other.npz")
    with pytest.raises(UserError, match=r"tile\.npz: does not exist, though scene tile needs it"):
        files_of_scene(tmp_path, "tile", **KEYS)
    assert scenes_of_split(tmp_path, "all", **KEYS) == ["other"]
    assert files_of_scene(tmp_path, "other", **KEYS) == [tmp_path / "other.npz"]
    with pytest.raises(UserError, match=r"tile: does not exist, though scene tile needs it"):
        files_of_scene(tmp_path, "tile", **KEYS)


def test_two_files_of_one_name_are_refused_in_two_splits_too(tmp_path: Path) -> None:
    write_npz(tmp_path / "tile.npz")
    write_ply(tmp_path / "tile.ply")
    keys = {**KEYS, "splits": {"train": ["*.npz"], "val": ["*.ply"]}}
    with pytest.raises(UserError, match=r"tile\.npz: its scene is named tile, like that of .*tile\.ply; rename one"):
        read_scene(tmp_path, "tile", **keys)


@pytest.mark.parametrize("pattern", ["", ".", "../*", "west/../../*", "/tmp/*", "**.laz", "west/**x/*"])
def test_pattern_that_is_none_or_leads_elsewhere_is_refused(tmp_path: Path, pattern: str) -> None:
    keys = {**KEYS, "splits": {"all": [pattern]}}
    with pytest.raises(UserError, match=r"split all has the pattern .*, expected file names below the root"):
        scenes_of_split(tmp_path, "all", **keys)


def test_folders_that_link_to_one_another_are_walked_once(tmp_path: Path) -> None:
    (tmp_path / "west").mkdir()
    write_npz(tmp_path / "west/tile.npz")
    (tmp_path / "west/again").symlink_to(tmp_path, target_is_directory=True)
    keys = {**KEYS, "splits": {"all": ["**/*.npz"]}}
    assert scenes_of_split(tmp_path, "all", **keys) == ["west_tile"]


def test_link_to_nothing_is_refused(tmp_path: Path) -> None:
    (tmp_path / "tile.npz").symlink_to(tmp_path / "elsewhere.npz")
    with pytest.raises(UserError, match=r"tile\.npz: does not exist, though scene tile needs it"):
        read(tmp_path)


def test_link_to_itself_is_told_by_the_disk(tmp_path: Path) -> None:
    (tmp_path / "tile.npz").symlink_to(tmp_path / "tile.npz")
    with pytest.raises(OSError, match=r"tile\.npz") as told:
        read(tmp_path)
    assert told.value.errno in FILE_SYSTEM_ERRORS


def test_pattern_that_matches_nothing_is_refused(tmp_path: Path) -> None:
    keys = {**KEYS, "splits": {"all": ["*.laz"]}}
    with pytest.raises(UserError, match=r"has no file that matches split all's pattern \*\.laz; correct either"):
        scenes_of_split(tmp_path, "all", **keys)


def test_pattern_that_matches_another_format_is_refused(tmp_path: Path) -> None:
    write_npz(tmp_path / "tile.npz")
    (tmp_path / "notes.txt").write_text("flown in March")
    with pytest.raises(
        UserError, match=r"notes\.txt: is matched by split all, expected \.ply, \.las, \.laz, \.npz; narrow"
    ):
        scenes_of_split(tmp_path, "all", **KEYS)
