from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from tests.datasets.fuzzing import Layout

from openworld3d.datasets.semantickitti import (
    CLASS_OF_RAW_ID,
    CLASSES,
    THINGS,
    files_of_scene,
    read_scene,
    scenes_of_split,
)
from openworld3d.errors import FILE_SYSTEM_ERRORS, UserError
from openworld3d.scenes.scene import VOID

MINI = Path(os.environ.get("DATA_DIR", Path(__file__).resolve().parents[2] / "../shared/data")) / "semantickitti_mini"


def write_scan(
    root: Path, points: np.ndarray, raw: np.ndarray, frame: str = "000000", sequence: str = "sequences/00"
) -> None:
    for folder, name, array in (
        ("velodyne", f"{frame}.bin", points.astype("<f4")),
        ("labels", f"{frame}.label", raw.astype("<u4")),
    ):
        file = root / sequence / folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        array.tofile(file)


def test_scan_by_hand(tmp_path: Path) -> None:
    points = np.array([[1, 2, 3, 0.5], [4, 5, 6, 0.25], [7, 8, 9, 0], [1, 1, 1, 1]])
    # A moving car, instance 70000 / 2^16 apart from a still car of the same number; a person; an outlier.
    raw = np.array([252 + (7 << 16), 10 + (7 << 16), 30 + (300 << 16), 1])
    write_scan(tmp_path, points, raw)
    assert scenes_of_split(tmp_path, "00") == ["00_000000"]
    scene = read_scene(tmp_path, "00_000000").scene
    assert scene.coord.tolist() == points[:, :3].tolist()
    assert scene.intensity is not None
    assert scene.intensity.tolist() == [0.5, 0.25, 0, 1]
    assert scene.label.tolist() == [0, 0, CLASSES.index("person"), VOID]
    assert scene.raw is not None
    assert scene.raw.tolist() == [252, 10, 30, 1]
    assert scene.instance[3] == -1
    assert len(set(scene.instance[:3].tolist())) == 3


GOOD = np.array([[1, 2, 3, 0.5], [4, 5, 6, 0.25], [7, 8, 9, 0], [1, 1, 1, 1]])
RAW = np.array([10, 30, 40, 0])


def changed(place: int, column: int, value: float, points: np.ndarray = GOOD) -> np.ndarray:
    points = points.copy()
    points[place, column] = value
    return points


@pytest.mark.parametrize(
    ("points", "raw", "sentence"),
    [
        (
            changed(1, 2, np.inf),
            RAW,
            "000000.bin: point 1 has the coordinate [4.0, 5.0, inf], expected finite numbers",
        ),
        (changed(2, 0, -1e7), RAW, "000000.bin: point 2 lies at [-10000000.0, 8.0, 9.0], expected metres from the"),
        (changed(3, 3, np.nan), RAW, "000000.bin: point 3 has the intensity nan, expected 0 to 1 (1 such points)"),
        (changed(0, 3, 37), RAW, "000000.bin: point 0 has the intensity 37.0, expected 0 to 1"),
        (changed(0, 3, -0.5), RAW, "000000.bin: point 0 has the intensity -0.5, expected 0 to 1"),
        (GOOD[:3], RAW, "000000.label: holds 4 labels, expected 3, one for each point of"),
        (
            GOOD,
            np.array([10, 30, 3, 3]),
            "000000.label: point 2 has the raw label 3, which is neither a class nor void",
        ),
    ],
)
def test_mistake_is_a_sentence(tmp_path: Path, points: np.ndarray, raw: np.ndarray, sentence: str) -> None:
    write_scan(tmp_path, points, raw)
    with pytest.raises(UserError) as told:
        read_scene(tmp_path, "00_000000")
    assert sentence in str(told.value)


def test_labels_cut_short_are_refused(tmp_path: Path) -> None:
    write_scan(tmp_path, GOOD, RAW)
    file = tmp_path / "sequences/00/labels/000000.label"
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(
        UserError, match=r"000000\.label: is 15 bytes long, expected a multiple of 4; the file is trunc"
    ):
        read_scene(tmp_path, "00_000000")


def test_scene_of_one_point_is_read(tmp_path: Path) -> None:
    write_scan(tmp_path, GOOD[:1], RAW[:1])
    assert read_scene(tmp_path, "00_000000").scene.coord.tolist() == [[1, 2, 3]]


def test_only_frames_are_listed(tmp_path: Path) -> None:
    write_scan(tmp_path, GOOD, RAW)
    write_scan(tmp_path, GOOD, RAW, "._000000")
    assert scenes_of_split(tmp_path, "00") == ["00_000000"]
    write_scan(tmp_path, GOOD, RAW, "000001_left")
    with pytest.raises(UserError, match=r"000001_left\.bin: has a _ in its name, expected the number of a frame"):
        scenes_of_split(tmp_path, "00")


def test_scan_without_its_labels_is_refused(tmp_path: Path) -> None:
    """Of the raw recordings of KITTI, which are longer than the labelled sequences."""
    for frame in ("000000", "000001"):
        write_scan(tmp_path, GOOD, RAW, frame)
    (tmp_path / "sequences/00/labels/000001.label").unlink()
    with pytest.raises(UserError, match=r"000001\.label: does not exist, though scene 00_000001 needs it"):
        files_of_scene(tmp_path, "00_000001")


def test_sequence_of_any_name_is_read(tmp_path: Path) -> None:
    write_scan(tmp_path, GOOD, RAW)
    (tmp_path / "sequences/00").rename(tmp_path / "sequences/my_street")
    assert scenes_of_split(tmp_path, "my_street") == ["my_street_000000"]
    assert len(read_scene(tmp_path, "my_street_000000").scene) == 4


def test_link_that_leads_to_itself_is_told_by_the_disk(tmp_path: Path) -> None:
    write_scan(tmp_path, GOOD, RAW)
    file = tmp_path / "sequences/00/labels/000000.label"
    file.unlink()
    file.symlink_to(file)
    with pytest.raises(OSError, match=r"000000\.label") as told:
        read_scene(tmp_path, "00_000000")
    assert told.value.errno in FILE_SYSTEM_ERRORS


def test_pipe_is_not_waited_for(tmp_path: Path) -> None:
    write_scan(tmp_path, GOOD, RAW)
    file = tmp_path / "sequences/00/labels/000000.label"
    file.unlink()
    os.mkfifo(file)
    with pytest.raises(
        UserError, match=r"000000\.label: is neither a file nor a folder, though scene 00_000000 needs it"
    ):
        read_scene(tmp_path, "00_000000")


def test_map_covers_every_class() -> None:
    assert set(CLASS_OF_RAW_ID.values()) - {None} == set(CLASSES)
    assert len(CLASS_OF_RAW_ID) == 34 + 1


def test_what_the_official_map_merges_or_voids_is_told_apart(tmp_path: Path) -> None:
    raw = np.array([52, 99, 1, 0, 2, 13, 16, 20])
    write_scan(tmp_path, np.repeat(GOOD, 2, axis=0), raw)
    reading = read_scene(tmp_path, "00_000000")
    scene = reading.scene
    assert scene.label.tolist() == [VOID] * 5 + [CLASSES.index("other-vehicle")] * 3
    assert scene.raw is not None
    assert scene.raw.tolist() == raw.tolist()
    assert reading.void_ids == {"0": 1, "1": 1, "2": 1, "52": 1, "99": 1}
    assert reading.notes == (
        "Raw id 2 is an inserted object, as the code of LIDO (7035368) has it; the set itself was not seen",
    )
    write_scan(tmp_path, GOOD, RAW)
    assert read_scene(tmp_path, "00_000000").notes == ()


def test_things_are_vehicles_and_people() -> None:
    vehicles = {"car", "bicycle", "motorcycle", "truck", "other-vehicle"}
    assert set(THINGS) == {*vehicles, "person", "bicyclist", "motorcyclist"}
    assert set(THINGS) < set(CLASSES)


@pytest.mark.skipif(not MINI.exists(), reason="real scans are absent: set DATA_DIR to the folder that holds them")
def test_real_scans_are_read() -> None:
    root = MINI / "dataset"
    names = scenes_of_split(root, "04")
    assert names == ["04_000000", "04_000003", "04_000006", "04_000009"]
    scene = read_scene(root, names[0]).scene
    assert len(scene) == 124231
    bus = scene.label == CLASSES.index("other-vehicle")
    assert bus.sum() == 2076
    assert scene.instance[bus].min() >= 0


def write_fuzzed(root: Path) -> None:
    generator = np.random.default_rng(0)
    points = generator.uniform([-9, -9, -2, 0], [9, 9, 2, 1], (40, 4))
    write_scan(root, points, generator.choice([10, 30, 40, 0], 40) + (generator.integers(0, 4, 40) << 16))


FILES = ("sequences/00/velodyne/000000.bin", "sequences/00/labels/000000.label")
LAYOUTS = {"semantickitti": Layout(write_fuzzed, FILES, "00", {})}
