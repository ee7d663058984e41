from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.datasets.fuzzing import Layout
from tests.datasets.test_semantickitti import changed, write_scan

from openworld3d.datasets.stu import CLASSES, files_of_scene, read_scene, scenes_of_split
from openworld3d.errors import UserError
from openworld3d.scenes.scene import VOID, Scene

KEYS: dict[str, Any] = {"generate": None, "intensity_full": 1}
# Two returns, a row without one, an anomaly on the axis of x, another row without a return, one point of the ground.
POINTS = np.array([[1, 2, 3, 0.5], [4, 5, 6, 37], [0, 0, 0, 0], [8, 0, 0, 1], [0, -0.0, 0, 0], [1, 1, -2, 0.25]])
RAW = np.array([1, 1, 0, 2 + (65535 << 16), 0, 0])
SEQUENCES = ["125", "val/125", "my data/125"]


def read(root: Path, name: str = "125_000007", **keys: Any) -> Scene:
    return read_scene(root, name, **{**KEYS, **keys}).scene


@pytest.mark.parametrize("sequence", SEQUENCES)
def test_scan_by_hand(tmp_path: Path, sequence: str) -> None:
    write_scan(tmp_path, POINTS, RAW, "000007", sequence)
    write_scan(tmp_path, POINTS, RAW, "000012", sequence)
    assert scenes_of_split(tmp_path, "125") == ["125_000007", "125_000012"]
    reading = read_scene(tmp_path, "125_000007", **KEYS)
    scene = reading.scene
    assert scene.coord.tolist() == [[1, 2, 3], [4, 5, 6], [8, 0, 0], [1, 1, -2]]
    assert scene.intensity is not None
    assert scene.intensity.tolist() == [0.5, 1, 1, 0.25]
    assert scene.label.tolist() == [VOID] * 4
    assert scene.raw is not None
    assert scene.raw.tolist() == [1, 1, 2, 0]
    # Read as signed numbers, this instance would be negative, and none to the devkit.
    assert scene.instance.tolist() == [-1, -1, 0, -1]
    assert scene.is_point is not None
    assert scene.is_point.tolist() == [True, True, False, True, False, True]
    assert scene.origin_is_sensor
    assert reading.void_ids == {"0": 1, "1": 2, "2": 1}
    assert reading.shift == (0, 0, 0)
    assert len(reading.notes) == 1
    assert reading.notes[0] == "Intensities above intensity_full, 1, are clipped to it"


def test_intensity_is_a_share_of_full_brightness(tmp_path: Path) -> None:
    write_scan(tmp_path, POINTS, RAW, "000007", "125")
    scene = read(tmp_path, intensity_full=74)
    assert scene.intensity is not None
    np.testing.assert_allclose(scene.intensity, [0.5 / 74, 0.5, 1 / 74, 0.25 / 74], rtol=1e-6)
    assert read_scene(tmp_path, "125_000007", generate=None, intensity_full=74).notes == ()


def test_two_instances_are_told_apart_in_all_16_bits(tmp_path: Path) -> None:
    raw = np.array([2 + (32768 << 16), 2 + (65535 << 16), 2 + (32767 << 16), 1])
    write_scan(tmp_path, POINTS[[0, 1, 3, 5]], raw, "000007", "125")
    assert read(tmp_path).instance.tolist() == [1, 2, 0, -1]


def test_scan_without_padding_has_a_row_per_point(tmp_path: Path) -> None:
    write_scan(tmp_path, POINTS[[0, 1, 3]], RAW[[0, 1, 3]], "000007", "125")
    assert read(tmp_path).is_point is None


def test_training_sequences_have_the_ids_of_semantickitti(tmp_path: Path) -> None:
    raw = np.array([252, 40, 0, 72, 0, 99])
    write_scan(tmp_path, POINTS, raw, "000007", "train/206")
    scene = read(tmp_path, "206_000007")
    assert [CLASSES[label] for label in scene.label[:3]] == ["car", "road", "terrain"]
    assert scene.label[3] == VOID
    assert scene.raw is not None
    assert scene.raw.tolist() == [252, 40, 72, 99]


def test_sequence_of_two_folders_is_refused(tmp_path: Path) -> None:
    for sequence in ("test/125", "val/125"):
        write_scan(tmp_path, POINTS, RAW, "000007", sequence)
    for call in (scenes_of_split, files_of_scene):
        with pytest.raises(UserError, match=r"test/125: is sequence 125, and so is .*val/125, expected one of them"):
            call(tmp_path, "125" if call is scenes_of_split else "125_000007")


@pytest.mark.parametrize(
    ("points", "raw", "sentence"),
    [
        (
            changed(2, 0, np.nan, POINTS),
            RAW,
            "000007.bin: point 2 has the coordinate [nan, 0.0, 0.0], expected finite numbers",
        ),
        (
            changed(3, 1, 2e4, POINTS),
            RAW,
            "000007.bin: point 3 lies at [8.0, 20000.0, 0.0], expected metres from the sensor",
        ),
        (
            changed(4, 3, np.inf, POINTS),
            RAW,
            "000007.bin: point 4 has the intensity inf, expected 0 to 65535 (1 such points)",
        ),
        (changed(4, 3, -1, POINTS), RAW, "000007.bin: point 4 has the intensity -1.0, expected 0 to 65535"),
        # By the row of the file, rows without a return counted.
        (POINTS, np.array([1, 1, 0, 3, 0, 0]), "000007.label: point 3 has the raw label 3, which is neither a class"),
        (POINTS, np.array([1, 1, 7, 2, 0, 0]), "000007.label: point 2 has the raw label 7, which is neither a class"),
        (POINTS, RAW[:5], "000007.label: holds 5 labels, expected 6, one for each point of"),
        (POINTS * [0, 0, 0, 1], RAW, "000007.bin: has rows of zeros alone, expected at least one point"),
        (POINTS[:0], RAW[:0], "000007.bin: holds no point, expected at least one"),
    ],
)
def test_mistake_is_a_sentence(tmp_path: Path, points: np.ndarray, raw: np.ndarray, sentence: str) -> None:
    write_scan(tmp_path, points, raw, "000007", "val/125")
    with pytest.raises(UserError) as told:
        read(tmp_path)
    assert sentence in str(told.value)


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    write_scan(tmp_path, POINTS, RAW, "000007", "test/100")
    (tmp_path / "test/100/labels/000007.label").unlink()
    with pytest.raises(UserError, match=r"000007\.label: does not exist, though scene 100_000007 needs it"):
        read(tmp_path, "100_000007")
    with pytest.raises(UserError, match=r"101/velodyne: does not exist, though split 101 needs it"):
        scenes_of_split(tmp_path, "101")


def write_fuzzed(root: Path) -> None:
    generator = np.random.default_rng(0)
    points = generator.uniform([-9, -9, -2, 0], [9, 9, 2, 3], (40, 4)) * generator.choice(
        [0, 1], (40, 1), p=[0.3, 0.7]
    )
    write_scan(root, points, generator.integers(0, 3, 40) + (generator.integers(0, 4, 40) << 16), sequence="val/125")


FILES = ("val/125/velodyne/000000.bin", "val/125/labels/000000.label")
LAYOUTS = {"stu": Layout(write_fuzzed, FILES, "125", KEYS)}
