"""What is wrong with a scan of ScanNet is a sentence that names the file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.datasets.scannet_scan import (
    AGGREGATION,
    COORD,
    LABELS,
    MESH,
    NAME,
    SEGMENTS,
    Mistake,
    cut,
    groups,
    labels,
    mesh,
    segments,
    text,
    without_points,
    write_scan,
)

from openworld3d.datasets.scannet import (
    read_scene,
    scenes_of_split,
)
from openworld3d.errors import UserError


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_scan(tmp_path)
    return tmp_path


MISTAKES: dict[str, tuple[Mistake, str]] = {
    "mesh cut short": (cut(MESH, 200), "_vh_clean_2.ply: is 200 bytes long, expected at least 260 for its 4 "),
    "labels cut short": (cut(LABELS, -1), "labels.ply: is "),
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
    "label outside the map beside a stray one": (
        labels(np.array([50, 149, 2, 51])),
        "labels.ply: point 3 has the raw label 51, which is neither a class nor void",
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
