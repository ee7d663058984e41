from __future__ import annotations

import json
from pathlib import Path
from typing import Callable

import numpy as np
import pytest
from plyfile import PlyData, PlyElement
from tests.datasets.fuzzing import Layout

from openworld3d.datasets.scannet import CLASS_OF_RAW_ID, CLASSES, NYU40_OF_CLASS, THINGS, read_scene, scenes_of_split
from openworld3d.errors import UserError
from openworld3d.scenes.scene import VOID

NAME = "scene0000_00"
Mistake = Callable[[Path], object]


def write_ply(file: Path, coord: np.ndarray, **more: np.ndarray) -> None:
    fields = [
        *((axis, coord.dtype.str) for axis in "xyz"),
        *((name, value.dtype.str) for name, value in more.items()),
    ]
    vertex = np.empty(len(coord), fields)
    vertex["x"], vertex["y"], vertex["z"] = coord.T
    for name, value in more.items():
        vertex[name] = value
    PlyData([PlyElement.describe(vertex, "vertex")], byte_order="<").write(str(file))


def write_scan(root: Path) -> None:
    """Write a scan of four vertices and the list `train` with its name."""
    folder = root / "scans" / NAME
    folder.mkdir(parents=True)
    coord = np.arange(12, dtype=np.float32).reshape(4, 3)  # (N, 3)
    grey = {name: np.array([0, 1, 2, 255], np.uint8) for name in ("red", "green", "blue", "alpha")}
    write_ply(folder / f"{NAME}_vh_clean_2.ply", coord, **grey)
    write_ply(folder / f"{NAME}_vh_clean_2.labels.ply", coord, label=np.array([1, 6, 40, 0], np.uint16))
    (folder / f"{NAME}_vh_clean_2.0.010000.segs.json").write_text(json.dumps({"segIndices": [3, 5, 5, 9]}))
    groups = [{"objectId": 4, "segments": [5], "label": "couch"}, {"objectId": 7, "segments": [3], "label": "wall"}]
    (folder / f"{NAME}.aggregation.json").write_text(json.dumps({"segGroups": groups}))
    (root / "scannetv2_train.txt").write_text(f"{NAME}\n")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_scan(tmp_path)
    return tmp_path


def test_scene_by_hand(root: Path) -> None:
    assert scenes_of_split(root, "train") == [NAME]
    scene = read_scene(root, NAME).scene
    assert scene.coord[1].tolist() == [3, 4, 5]
    assert scene.color is not None
    assert scene.color[2].tolist() == [2, 2, 2]
    assert scene.label.tolist() == [CLASSES.index("wall"), CLASSES.index("sofa"), VOID, VOID]
    assert scene.instance.tolist() == [7, 4, 4, -1]


def test_benchmark_ids() -> None:
    assert len(CLASSES) == 20
    assert NYU40_OF_CLASS["shower curtain"] == 28
    assert NYU40_OF_CLASS["otherfurniture"] == 39
    assert sorted(CLASS_OF_RAW_ID) == list(range(41))


def test_things_are_the_classes_that_are_not_built_in() -> None:
    assert set(THINGS) < set(CLASSES)
    assert set(CLASSES) - set(THINGS) == {"wall", "floor", "door", "window", "counter"}


SCAN = f"scans/{NAME}/{NAME}"
MESH, LABELS = f"{SCAN}_vh_clean_2.ply", f"{SCAN}_vh_clean_2.labels.ply"
SEGMENTS, AGGREGATION = f"{SCAN}_vh_clean_2.0.010000.segs.json", f"{SCAN}.aggregation.json"
COORD = np.arange(12, dtype=np.float64).reshape(4, 3)  # (N, 3)
GREY = {name: np.array([0, 1, 2, 255], np.uint8) for name in ("red", "green", "blue")}


def mesh(coord: np.ndarray = COORD, **colours: np.ndarray) -> Mistake:
    return lambda root: write_ply(root / MESH, coord, **{**GREY, **colours})


def labels(values: np.ndarray, name: str = "label") -> Mistake:
    of_type = values.astype("f8" if values.dtype.kind == "f" else "i4")
    return lambda root: write_ply(root / LABELS, COORD[: len(values)], **{name: of_type})


def text(file: str, content: bytes) -> Mistake:
    return lambda root: (root / file).write_bytes(content)


def segments(value: object) -> Mistake:
    return text(SEGMENTS, json.dumps({"segIndices": value}).encode())


def groups(*value: object) -> Mistake:
    return text(AGGREGATION, json.dumps({"segGroups": value}).encode())


def cut(file: str, size: int) -> Mistake:
    return lambda root: (root / file).write_bytes((root / file).read_bytes()[:size])


def without_points(root: Path) -> None:
    mesh(COORD[:0], **{name: GREY[name][:0] for name in GREY})(root)
    labels(np.zeros(0, int))(root)


MISTAKES: dict[str, tuple[Mistake, str]] = {
    "mesh cut short": (cut(MESH, 200), "_vh_clean_2.ply: has 4 bytes of vertices, expected 64, 16 for each of 4;"),
    "labels cut short": (cut(LABELS, -1), "labels.ply: has 55 bytes of vertices, expected 56, 14 for each of 4;"),
    "mesh without a byte": (text(MESH, b""), "_vh_clean_2.ply: does not begin with a PLY header"),
    "mesh without a point": (
        without_points,
        "_vh_clean_2.ply: holds no point, expected at least one",
    ),
    "labels of another length": (labels(np.array([1, 2, 3])), "labels.ply: holds 3 labels, expected 4, one for each"),
    "label outside the map": (
        labels(np.array([1, 41, 2, 3])),
        "labels.ply: point 1 has the raw label 41, which is ne",
    ),
    "label below 0": (labels(np.array([1, 2, -1, 3])), "labels.ply: point 2 has the raw label -1, which is neither"),
    "label that is not whole": (
        labels(np.array([1, 2, 2.5, 3])),
        "labels.ply: point 2 has the label 2.5, expected wh",
    ),
    "labels of another name": (
        labels(np.array([1, 2, 3, 4]), "lable"),
        "has no attribute label, did you mean lable;",
    ),
    "coordinate that is no number": (
        mesh(np.where(COORD == 4, np.nan, COORD)),
        "_vh_clean_2.ply: point 1 has the coordinate [3.0, nan, 5.0], expected finite numbers",
    ),
    "room wider than float32 can tell": (mesh(np.where(COORD == 4, 1e7, COORD)), "_vh_clean_2.ply: point 1 lies at"),
    "colour beyond 255": (
        mesh(red=np.array([0, 1, 300, 3], np.uint16)),
        "_vh_clean_2.ply: point 2 has the colour [300, 2, 2], expected whole numbers in 0..255;",
    ),
    "colour that is a share": (
        mesh(red=np.array([0, 0.5, 1, 1])),
        "_vh_clean_2.ply: point 1 has the colour [0.5, 1.0, 1.0], expected whole numbers in 0..255;",
    ),
    "segments that are no object": (text(SEGMENTS, b"[3, 5]"), "segs.json: the file is [3, 5], expected an object;"),
    "no segments": (text(SEGMENTS, b"{}"), "segs.json: the file has no 'segIndices', expected a list;"),
    "segments that are a text": (segments("3559"), "segs.json: the file has the segIndices '3559', expected a list;"),
    "segments of another length": (segments([3, 5]), "segs.json: holds 2 labels, expected 4"),
    "segment below 0": (
        segments([3, 5, -5, 9]),
        "segs.json: segIndices has the number -5, expected whole numbers in",
    ),
    "segment that is not whole": (
        segments([3, 5, 5.5, 9]),
        "segs.json: segIndices has the number 5.5, expected whole",
    ),
    "segment that is a text": (segments([3, "5", 5, 9]), "segs.json: segIndices has the number '5', expected whole"),
    "segment that is true": (segments([3, True, 5, 9]), "segs.json: segIndices has the number True, expected whole"),
    "segment beyond any mesh": (
        segments([3, 5, 5, 10**12]),
        "segs.json: segIndices has the number 1000000000000, exp",
    ),
    "segments that are not JSON": (cut(SEGMENTS, -3), "segs.json: is not JSON ("),
    "segments that are not UTF-8": (text(SEGMENTS, b'{"\xff": 1}'), "segs.json: cannot be read as UTF-8 ("),
    "aggregation cut short": (cut(AGGREGATION, 30), "aggregation.json: is not JSON ("),
    "aggregation without groups": (
        text(AGGREGATION, b"{}"),
        "aggregation.json: the file has no 'segGroups', expected",
    ),
    "group that is a number": (groups(7), "aggregation.json: group 0 is 7, expected an object;"),
    "group without segments": (
        groups({"objectId": 1}),
        "aggregation.json: group 0 has no 'segments', expected a list",
    ),
    "group without an object": (
        groups({"segments": [3]}),
        "aggregation.json: group 0 has no 'objectId', expected a w",
    ),
    "object below 0": (
        groups({"objectId": 1, "segments": []}, {"objectId": -2, "segments": [3]}),
        "aggregation.json: group 1 has the number -2, expected whole numbers in 0..2147483647;",
    ),
    "group of a segment that is not there": (
        groups({"objectId": 1, "segments": [3, 4]}),
        "aggregation.json: group 0 has the segment 4, which no vertex of",
    ),
    "segment of a group that is a list": (
        groups({"objectId": 1, "segments": [[3]]}),
        "aggregation.json: group 0 has the number [3], expected whole numbers",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistake_is_a_sentence(root: Path, name: str) -> None:
    mistake, sentence = MISTAKES[name]
    mistake(root)
    with pytest.raises(UserError) as told:
        read_scene(root, NAME)
    assert sentence in str(told.value)


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        (b"", "scannetv2_train.txt: names no scene, expected one on each line;"),
        (b"../x\n", "scannetv2_train.txt: has the line '../x', expected the name of a folder of scans/;"),
        (b"/etc\n", "scannetv2_train.txt: has the line '/etc', expected the name"),
        (b"..\n", "scannetv2_train.txt: has the line '..', expected the name"),
        (b"scene0000_00/.\n", "scannetv2_train.txt: has the line 'scene0000_00/.', expected the name"),
        (b"scene\x000000\n", "scannetv2_train.txt: has the line 'scene\\x000000', expected the name"),
        (b"scene0000_00\nsc\xe8ne\n", "scannetv2_train.txt: cannot be read as UTF-8 ("),
        (b"scene0001_00\n", "scans/scene0001_00: does not exist, though line 'scene0001_00' of "),
    ],
)
def test_list_that_names_no_scenes_is_refused(root: Path, lines: bytes, sentence: str) -> None:
    (root / "scannetv2_train.txt").write_bytes(lines)
    with pytest.raises(UserError) as told:
        scenes_of_split(root, "train")
    assert sentence in str(told.value)


def test_labels_that_a_program_wrote_as_floats_are_taken(root: Path) -> None:
    labels(np.array([1.0, 6, 40, 0]))(root)
    assert read_scene(root, NAME).scene.label.tolist() == [CLASSES.index("wall"), CLASSES.index("sofa"), VOID, VOID]


def test_scan_of_one_vertex_is_read(root: Path) -> None:
    mesh(COORD[:1], **{name: GREY[name][:1] for name in GREY})(root)
    labels(np.array([6]))(root)
    segments([3])(root)
    groups({"objectId": 2, "segments": [3]})(root)
    assert read_scene(root, NAME).scene.instance.tolist() == [2]


def test_room_of_a_map_keeps_its_millimetres(root: Path) -> None:
    mesh(COORD / 1000 + [1e7, -2e7, 0.5])(root)
    scene, _, shift = read_scene(root, NAME)
    assert shift == (1e7, -2e7, 0)
    assert np.abs(scene.coord - COORD / 1000 - [0, 0, 0.5]).max() < 1e-6


ENDINGS = ("_vh_clean_2.ply", "_vh_clean_2.labels.ply", "_vh_clean_2.0.010000.segs.json", ".aggregation.json")
FILES = ("scannetv2_train.txt", *(f"scans/{NAME}/{NAME}{ending}" for ending in ENDINGS))
LAYOUTS = {"scannet": Layout(write_scan, FILES, "train", {})}
