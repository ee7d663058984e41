from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from plyfile import PlyData, PlyElement
from tests.datasets.fuzzing import Layout
from tests.datasets.scannet_scan import (
    AGGREGATION,
    COORD,
    GREY,
    LABELS,
    MESH,
    NAME,
    SEGMENTS,
    groups,
    labels,
    mesh,
    segments,
    write_scan,
)

from openworld3d.datasets.scannet import (
    CLASS_OF_RAW_ID,
    CLASSES,
    NYU40_OF_CLASS,
    THINGS,
    files_of_scene,
    read_scene,
    scenes_of_split,
)
from openworld3d.errors import UserError
from openworld3d.scenes.scene import VOID


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


def test_normals_are_those_of_the_mesh(root: Path) -> None:
    assert read_scene(root, NAME).scene.normal is None
    file = root / MESH
    vertex = PlyData.read(str(file), mmap=False)["vertex"]
    vertex["x"], vertex["y"], vertex["z"] = [0, 1, 0, 1], [0, 0, 1, 1], [2, 2, 2, 2]
    face = np.empty(1, [("vertex_indices", "O")])
    face["vertex_indices"] = [np.array([2, 1, 0], np.int32)]
    lists = PlyElement.describe(face, "face", len_types={"vertex_indices": "u1"}, val_types={"vertex_indices": "i4"})
    PlyData([vertex, lists], byte_order="<").write(str(file))
    scene = read_scene(root, NAME, normals=True).scene
    assert scene.normal is not None
    assert scene.normal.tolist() == [[0, 0, -1]] * 3 + [[0, 0, 0]]
    assert scene.take(np.array([True, False, False, True])).normal.tolist() == [[0, 0, -1], [0, 0, 0]]  # type: ignore[union-attr]


def test_benchmark_ids() -> None:
    assert len(CLASSES) == 20
    assert NYU40_OF_CLASS["shower curtain"] == 28
    assert NYU40_OF_CLASS["otherfurniture"] == 39
    assert sorted(CLASS_OF_RAW_ID) == [*range(41), 50, 149]


@pytest.mark.parametrize("stray", [50, 149])
def test_stray_id_of_the_release_is_void_and_noted(root: Path, stray: int) -> None:
    labels(np.array([1, stray, 6, stray]))(root)
    reading = read_scene(root, NAME)
    assert reading.scene.label.tolist() == [CLASSES.index("wall"), VOID, CLASSES.index("sofa"), VOID]
    assert reading.void_ids == {str(stray): 2}
    assert reading.notes == (f"The stray id {stray} of the release is void (points: 2)",)


def test_both_stray_ids_are_noted(root: Path) -> None:
    labels(np.array([149, 0, 50, 50]))(root)
    reading = read_scene(root, NAME)
    assert reading.void_ids == {"0": 1, "50": 2, "149": 1}
    assert [note.split()[3] for note in reading.notes] == ["50", "149"]


def test_scan_without_segments_and_aggregation_has_no_instances(root: Path) -> None:
    for file in (SEGMENTS, AGGREGATION):
        (root / file).unlink()
    assert [file.name for file in files_of_scene(root, NAME)] == [Path(MESH).name, Path(LABELS).name]
    reading = read_scene(root, NAME)
    assert reading.scene.instance.tolist() == [-1] * 4
    assert reading.scene.instance.dtype == np.int32
    assert reading.notes == ()


def test_scan_with_one_file_of_instances_is_refused(root: Path) -> None:
    for absent, there in ((SEGMENTS, AGGREGATION), (AGGREGATION, SEGMENTS)):
        content = (root / absent).read_bytes()
        (root / absent).unlink()
        with pytest.raises(UserError) as told:
            files_of_scene(root, NAME)
        assert str(told.value).startswith(
            f"{root / absent}: does not exist, though {Path(there).name} beside it needs it;"
        )
        (root / absent).write_bytes(content)


def test_object_that_is_listed_twice_is_one_and_noted(root: Path) -> None:
    """As in scene0217_00 of the release."""
    listed = [{"objectId": 0, "segments": [3]}, {"objectId": 1, "segments": [5, 5]}]
    again = [{"objectId": 2, "segments": [3]}, {"objectId": 3, "segments": [5]}]
    groups(*listed, *again)(root)
    reading = read_scene(root, NAME)
    assert reading.scene.instance.tolist() == [2, 3, 3, -1]
    assert reading.notes == ("Of two objects that share segments the later one has them (segments: 2)",)


def test_things_are_the_classes_that_are_not_built_in() -> None:
    assert set(THINGS) < set(CLASSES)
    assert set(CLASSES) - set(THINGS) == {"wall", "floor", "door", "window", "counter"}


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
    scene, _, shift = read_scene(root, NAME)[:3]
    assert shift == (1e7, -2e7, 0)
    assert np.abs(scene.coord - COORD / 1000 - [0, 0, 0.5]).max() < 1e-6


ENDINGS = ("_vh_clean_2.ply", "_vh_clean_2.labels.ply", "_vh_clean_2.0.010000.segs.json", ".aggregation.json")
FILES = ("scannetv2_train.txt", *(f"scans/{NAME}/{NAME}{ending}" for ending in ENDINGS))
LAYOUTS = {"scannet": Layout(write_scan, FILES, "train", {})}
