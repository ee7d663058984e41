"""Scans as STU has them, from one made by hand to the files that the command writes and the reader reads."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Callable

import numpy as np
import pytest
from tests.generators.streets.small_street import small_street

import generate_street_anomalies
from openworld3d.datasets import stu
from openworld3d.generators.config import StreetAnomaliesConfig
from openworld3d.generators.streets import insertion
from openworld3d.generators.streets.sensor import Scan
from openworld3d.generators.streets.stu_layout import ROWS, as_stu

SMALL = StreetAnomaliesConfig(sequences=2, scans=2, anomalies=3, seed=7)


def test_scan_by_hand() -> None:
    points = np.arange(1, 25, dtype=np.float32).reshape(6, 4)
    # A car, an anomaly of an instance that 16 bits just hold, an unlabelled point, a ghost, a bench, a bus.
    raw_id, instance = np.array([10, 2, 0, 1, 99, 257]), np.array([3, 65535, 0, 0, 0, 4])
    labels, ray = (raw_id | instance << 16).astype(np.uint32), np.array([5, 0, 127_999, 7, 2000, 6])
    scan = as_stu(Scan(points, labels, ray))
    assert (scan.points.shape, scan.points.dtype, scan.labels.dtype) == ((128_000, 4), np.float32, np.uint32)
    assert scan.points[ray].tolist() == points.tolist()
    assert scan.labels[ray].tolist() == [1, 2 | 65535 << 16, 0, 0, 1, 1]
    without = np.setdiff1d(np.arange(ROWS), ray)
    assert not scan.points[without].any()
    assert not scan.labels[without].any()


def in_this_process(function: Callable[[Any], object], tasks: list[Any], workers: int) -> None:
    """Stand for processes, which would not know what a test has put in place."""
    for task in tasks:
        function(task)


def generate(folder: Path, config: StreetAnomaliesConfig) -> Path:
    """Generate anomalies on streets that take no time, and return where."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(insertion, "generate_street", lambda *_: small_street())
        patch.setattr(generate_street_anomalies, "in_parallel", in_this_process)
        generate_street_anomalies.generate(config, folder, workers=1)
    return folder


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return generate(tmp_path_factory.mktemp("anomalies") / "raw", SMALL)


def test_the_reader_reads_what_the_command_writes(root: Path) -> None:
    assert sorted(folder.name for folder in root.iterdir()) == ["100", "101"]
    assert stu.scenes_of_split(root, "101") == ["101_000000", "101_000001"]
    most = 0
    for name in stu.scenes_of_split(root, "101"):
        reading = stu.read_scene(root, name, generate=None, intensity_full=1)
        scene = reading.scene
        assert scene.is_point is not None
        assert len(scene.is_point) == ROWS
        assert 0.4 < scene.is_point.mean() < 0.95
        assert scene.raw is not None
        assert set(np.unique(scene.raw).tolist()) == {0, 1, 2}
        np.testing.assert_array_equal(scene.instance >= 0, scene.raw == 2)
        assert np.linalg.norm(scene.coord, axis=1).min() > 0
        assert reading.notes == ()
        most = max(most, int(scene.instance.max()) + 1)
    assert most == SMALL.anomalies


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_equal_seeds_give_equal_bytes_and_other_seeds_and_sequences_others(root: Path, tmp_path: Path) -> None:
    again = generate(tmp_path / "again", replace(SMALL, sequences=1))
    other = generate(tmp_path / "other", replace(SMALL, sequences=1, seed=8))
    assert bytes_of(root / "100") == bytes_of(again / "100")
    scans = [bytes_of(folder)["000000.bin"] for folder in (root / "100", root / "101", other / "100")]
    assert len(set(scans)) == 3


def test_poses_lie_beside_the_scans(root: Path) -> None:
    files = ["000000.bin", "000000.label", "000001.bin", "000001.label", "calib.txt", "poses.txt", "times.txt"]
    assert sorted(bytes_of(root / "100")) == files
    assert np.loadtxt(root / "100/poses.txt").shape == (2, 12)
