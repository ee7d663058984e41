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
    for left_behind in (".hidden", "__MACOSX", "@eaDir"):
        (tmp_path / "Area_1" / left_behind).mkdir()
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


@pytest.mark.parametrize(
    ("room", "line", "point", "read_as"),
    [
        ("hallway_6", STRAY, [22.35, 6.692, 3.048, 185, 187, 182], "0x00 is read as ' '"),
        ("office_19", b"1.5 2.25 3.125 103.0\x100000 5 6\n", [1.5, 2.25, 3.125, 103, 5, 6], "0x10 is read as '0'"),
    ],
)
def test_stray_character_of_the_release_gets_its_bit_back(
    tmp_path: Path, room: str, line: bytes, point: list[float], read_as: str
) -> None:
    folder = write_room(tmp_path, {"ceiling_1.txt": GOOD + line + GOOD}, f"Area_5/{room}")
    reading = read_scene(tmp_path, f"Area_5_{room}")
    scene, notes = reading.scene, reading.notes
    assert scene.color is not None
    assert [*scene.coord[1].tolist(), *scene.color[1].tolist()] == pytest.approx(point)
    assert len(scene) == 3
    assert notes == (f"In ceiling_1.txt the release's stray byte {read_as}",)
    (folder / "ceiling_1.txt").write_bytes(GOOD + b"1\t2 3 4 5 6\r\n")
    assert read_scene(tmp_path, f"Area_5_{room}").notes == ()
    (folder / "ceiling_1.txt").write_bytes(GOOD + b"1 2 3 4 5\n")
    with pytest.raises(UserError, match=r"line 2 is '1 2 3 4 5',"):
        read_scene(tmp_path, f"Area_5_{room}")


def test_copy_of_the_release_is_left_out(tmp_path: Path) -> None:
    """The release's own copy is told by its name, whatever is in it; a file of that name elsewhere is an object."""
    files = {"wall_3.txt": GOOD * 2, "wall_3 (1).txt": b"not read", "door_1.txt": GOOD}
    folder = write_room(tmp_path, files, "Area_5/office_36")
    assert files_of_scene(tmp_path, "Area_5_office_36") == [folder / "door_1.txt", folder / "wall_3.txt"]
    reading = read_scene(tmp_path, "Area_5_office_36")
    assert reading.scene.instance.tolist() == [0, 1, 1]
    assert reading.notes == ("wall_3 (1).txt, a copy that the release has of an object, is left out",)
    write_room(tmp_path, {**files, "wall_3 (1).txt": GOOD}, "Area_5/office_35")
    reading = read_scene(tmp_path, "Area_5_office_35")
    assert len(reading.scene) == 4
    assert reading.notes == ()


@pytest.mark.parametrize("copy", ["chair_2 (1).txt", "chair_2 - Copy.txt", "chair_7.txt"])
def test_object_that_is_there_twice_counts_once(tmp_path: Path, copy: str) -> None:
    files = {"chair_2.txt": GOOD + STRAY.replace(b"\0", b" "), "chair_1.txt": GOOD, "wall_1.txt": GOOD}
    write_room(tmp_path, files)
    whole = read_scene(tmp_path, "Area_1_office_3")
    assert whole.notes == ()
    (tmp_path / "Area_1/office_3/Annotations" / copy).write_bytes(files["chair_2.txt"])
    scene, notes = read_scene(tmp_path, "Area_1_office_3").scene, read_scene(tmp_path, "Area_1_office_3").notes
    assert [scene.label.tolist(), scene.instance.tolist()] == [[8, 8, 8, 2], [0, 1, 1, 2]]
    left, kept = ("chair_2.txt", copy) if copy < "chair_2.txt" else (copy, "chair_2.txt")
    assert notes == (f"{left} has the points of {kept}, left out",)


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
    scene, _, shift = read_scene(tmp_path, "Area_1_office_3")[:3]
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
