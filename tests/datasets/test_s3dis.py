from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.datasets.fuzzing import Layout

from openworld3d.datasets.s3dis import (
    CLASS_OF_NAME,
    CLASSES,
    THINGS,
    files_of_scene,
    first_bad_line,
    read_object,
    read_scene,
    scenes_of_split,
)
from openworld3d.errors import UserError

GOOD = b"1.5 -2.25 0.125 0 128 255\n"
STRAY = b"22.350 6.692 3.048 185\x00187 182\n"


def write_room(root: Path, files: dict[str, bytes], room: str = "Area_1/office_3") -> Path:
    folder = root / room / "Annotations"
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / name).write_bytes(text)
    return folder


def test_room_by_hand(tmp_path: Path) -> None:
    chair, floor = b"1 2 3 10 20 30\r\n4 5 6 40.000000 50 60\r\n", b"-0.5 0 1e1 0 255 7\n\n"
    files = {"floor_1.txt": floor, "chair_2.txt": chair, "chair_10.txt": GOOD, "stairs_1.txt": GOOD.rstrip()}
    write_room(tmp_path, files)
    scene = read_scene(tmp_path, "Area_1_office_3").scene
    # chair_10, chair_2, floor_1, stairs_1
    assert scene.coord.tolist() == [[1.5, -2.25, 0.125], [1, 2, 3], [4, 5, 6], [-0.5, 0, 10], [1.5, -2.25, 0.125]]
    assert scene.color is not None
    assert scene.color.tolist() == [[0, 128, 255], [10, 20, 30], [40, 50, 60], [0, 255, 7], [0, 128, 255]]
    assert scene.label.tolist() == [8, 8, 8, 1, 12]
    assert scene.instance.tolist() == [0, 1, 1, 2, 3]
    assert [array.dtype for array in (scene.coord, scene.color, scene.label, scene.instance)] == [
        np.float32,
        np.uint8,
        np.uint8,
        np.int32,
    ]


def test_only_rooms_and_objects_are_listed(tmp_path: Path) -> None:
    folder = write_room(tmp_path, {"wall_1.txt": GOOD, ".DS_Store": b"\x00", "._wall_1.txt": b"\x00"})
    write_room(tmp_path, {"wall_1.txt": GOOD}, "Area_1/WC_1")
    write_room(tmp_path, {"wall_1.txt": GOOD}, "Area_2/office_3")
    (tmp_path / "Area_1/.DS_Store").write_bytes(b"\x00")
    (tmp_path / "Area_1/.hidden").mkdir()
    (tmp_path / "Area_1/office_3/office_3.txt").write_bytes(b"not read")
    assert scenes_of_split(tmp_path, "Area_1") == ["Area_1_WC_1", "Area_1_office_3"]
    assert scenes_of_split(tmp_path, "Area_2") == ["Area_2_office_3"]
    assert files_of_scene(tmp_path, "Area_1_office_3") == [folder / "wall_1.txt"]


def test_path_with_spaces_and_other_letters(tmp_path: Path) -> None:
    root = tmp_path / "mes données 3D\u2009点"
    write_room(root, {"sofa_1.txt": GOOD})
    assert scenes_of_split(root, "Area_1") == ["Area_1_office_3"]
    assert read_scene(root, "Area_1_office_3").scene.label.tolist() == [CLASSES.index("sofa")]


@pytest.mark.parametrize(
    "line",
    [
        b"1 2 3 4 5\n",
        b"1 2 3 4 5 6 7\n",
        b"\n",
        b"1 2 x 4 5 6\n",
        b"1,5 2 3 4 5 6\n",
        b"1-2 2 3 4 5 6\n",
        b"1.2.3 2 3 4 5 6\n",
        b"0x10 2 3 4 5 6\n",
        b"1_0 2 3 4 5 6\n",
        "1 2 3 4 5 6é\n".encode(),
        b"nan 2 3 4 5 6\n",
        b"1 inf 3 4 5 6\n",
        b"1 2 3 -1 5 6\n",
        b"1 2 3 4 256 6\n",
        b"1 2 3 4 5 6.5\n",
        b"1 2 3 4 5 nan\n",
        STRAY,
        b"1 2 3 103.0\x100000 5 6\n",
    ],
)
def test_bad_line_is_named(tmp_path: Path, line: bytes) -> None:
    folder = write_room(tmp_path, {"table_1.txt": GOOD * 4 + line + GOOD, "wall_1.txt": GOOD})
    with pytest.raises(UserError) as caught:
        read_scene(tmp_path, "Area_1_office_3")
    sentence = str(caught.value)
    assert sentence.startswith(f"{folder / 'table_1.txt'}: line 5 is ")
    assert "expected x y z r g b, 6 numbers" in sentence
    assert repr(line.strip().decode("ascii", "replace"))[1:-1] in sentence


@pytest.mark.parametrize("place", [0, 6])
def test_first_and_last_bad_line_are_named(tmp_path: Path, place: int) -> None:
    lines = [GOOD] * 7
    lines[place] = b"1 2 3 4 5 6.5\n"
    folder = write_room(tmp_path, {"table_1.txt": b"".join(lines)})
    with pytest.raises(UserError, match=rf"line {place + 1} is '1 2 3 4 5 6\.5',"):
        read_object(folder / "table_1.txt")


def test_too_few_and_too_many_columns_do_not_cancel(tmp_path: Path) -> None:
    folder = write_room(tmp_path, {"table_1.txt": GOOD + b"1 2 3 4 5\n1 2 3 4 5 6 7\n"})
    with pytest.raises(UserError, match=r"line 2 is '1 2 3 4 5',"):
        read_object(folder / "table_1.txt")


def test_first_of_several_bad_lines_is_found() -> None:
    good, bad = GOOD.strip(), b"1 2 3"
    for size in range(1, 12):
        for first in range(size):
            assert first_bad_line([good] * first + [bad] + [good, bad, bad] * (size - first)) == first


def test_stray_character_of_the_release_is_a_space(tmp_path: Path) -> None:
    folder = write_room(tmp_path, {"ceiling_1.txt": GOOD + STRAY + GOOD}, "Area_5/hallway_6")
    scene = read_scene(tmp_path, "Area_5_hallway_6").scene
    assert scene.color is not None
    assert scene.color[1].tolist() == [185, 187, 182]
    assert len(scene) == 3
    (folder / "ceiling_1.txt").write_bytes(GOOD + b"1 2 3 4 5\n")
    with pytest.raises(UserError, match=r"line 2 is '1 2 3 4 5',"):
        read_scene(tmp_path, "Area_5_hallway_6")


@pytest.mark.parametrize("room", ["Area_5/hallway_7", "Area_4/hallway_6"])
def test_stray_character_elsewhere_is_refused(tmp_path: Path, room: str) -> None:
    write_room(tmp_path, {"ceiling_1.txt": GOOD + STRAY}, room)
    with pytest.raises(UserError, match=r"line 2 is '22\.350 6\.692 3\.048 185\\x00187 182',"):
        read_scene(tmp_path, room.replace("/", "_"))


@pytest.mark.parametrize("text", [b"", b"\n \r\n"])
def test_empty_file_is_refused(tmp_path: Path, text: bytes) -> None:
    write_room(tmp_path, {"board_1.txt": text, "wall_1.txt": GOOD})
    with pytest.raises(UserError, match=r"board_1\.txt: holds no point"):
        read_scene(tmp_path, "Area_1_office_3")


def test_room_of_a_map_keeps_its_millimetres(tmp_path: Path) -> None:
    write_room(tmp_path, {"wall_1.txt": b"10000000.001 -20000000.5 1.25 1 2 3\n", "sofa_1.txt": b"1e7 -2e7 1 1 2 3"})
    scene, _, shift = read_scene(tmp_path, "Area_1_office_3")
    assert shift == (1e7, -20000001, 1)
    assert np.abs(scene.coord - [[0, 1, 0], [0.001, 0.5, 0.25]]).max() < 1e-6


def test_room_wider_than_float32_can_tell_is_refused(tmp_path: Path) -> None:
    write_room(tmp_path, {"wall_1.txt": GOOD + b"1 1e7 1 1 2 3\n"})
    with pytest.raises(
        UserError, match=r"Annotations: point 1 lies at \[1\.0, 10000000\.0, 1\.0\], 1e\+07 m from the"
    ):
        read_scene(tmp_path, "Area_1_office_3")


def test_unknown_class_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    write_room(tmp_path, {"chiar_1.txt": GOOD, "board_1.txt": b"not read"})
    with pytest.raises(UserError, match=r"chiar_1\.txt: is named after 'chiar'.*chair"):
        read_scene(tmp_path, "Area_1_office_3")


def test_missing_folders_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"S3DIS has no split 'Area_7'.*Area_1, Area_2"):
        scenes_of_split(tmp_path, "Area_7")
    with pytest.raises(UserError, match=r"Area_6: does not exist, though split Area_6 needs it"):
        scenes_of_split(tmp_path, "Area_6")
    (tmp_path / "Area_1").mkdir()
    with pytest.raises(UserError, match=r"Area_1: holds no folder"):
        scenes_of_split(tmp_path, "Area_1")
    (tmp_path / "Area_1/office_3").mkdir()
    with pytest.raises(UserError, match=r"Annotations: does not exist, though scene Area_1_office_3 needs it"):
        scenes_of_split(tmp_path, "Area_1")
    (tmp_path / "Area_1/office_3/Annotations").mkdir()
    with pytest.raises(UserError, match=r"Annotations: holds no \.txt file"):
        scenes_of_split(tmp_path, "Area_1")


def test_names_cover_every_class_and_things_are_furniture() -> None:
    assert set(CLASS_OF_NAME.values()) == set(CLASSES)
    assert set(CLASS_OF_NAME) - set(CLASSES) == {"stairs"}
    assert THINGS == ["table", "chair", "sofa", "bookcase", "board"]


def write_fuzzed(root: Path) -> None:
    write_room(root, {"chair_1.txt": GOOD * 3, "floor_1.txt": b"-0.5 0 1e1 0 255 7\n" * 20})


LAYOUTS = {"s3dis": Layout(write_fuzzed, ("Area_1/office_3/Annotations/floor_1.txt",), "Area_1", {})}
