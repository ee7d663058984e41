"""The command: the files it writes and what they hold, equal bytes for equal seeds, nothing half-done left."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

import generate_streets
from openworld3d.datasets import semantickitti
from openworld3d.generators.config import StreetsConfig
from openworld3d.generators.streets.generation import Street, generate_street

COMMAND = Path(generate_streets.__file__)
SMALL = StreetsConfig(sequences=3, scans=3, seed=7)
OTHER_VEHICLE = [raw for raw, name in semantickitti.CLASS_OF_RAW_ID.items() if name == "other-vehicle"]
MOVING = (252, 253, 254, 255, 257, 258, 259)


@pytest.fixture(scope="module")
def streets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("streets") / "raw"
    generate_streets.generate(SMALL, root, workers=2)
    return root


@lru_cache(maxsize=None)
def street_of(sequence: int) -> Street:
    return generate_street(SMALL.seed, sequence, SMALL.scans)


def points_of(root: Path, sequence: str, scan: int) -> np.ndarray:
    file = root / "sequences" / sequence / "velodyne" / f"{scan:06d}.bin"
    return np.fromfile(file, "<f4").reshape(-1, 4)


def labels_of(root: Path, sequence: str, scan: int) -> np.ndarray:
    return np.fromfile(root / "sequences" / sequence / "labels" / f"{scan:06d}.label", "<u4")


def numbers(root: Path, sequence: str, file: str) -> np.ndarray:
    return np.loadtxt(root / "sequences" / sequence / file)


def bytes_of(root: Path) -> dict[str, bytes]:
    return {str(file.relative_to(root)): file.read_bytes() for file in root.rglob("*") if file.is_file()}


def test_files_are_those_of_semantickitti(streets: Path) -> None:
    scans = [
        f"{folder}/{scan:06d}.{end}"
        for folder, end in (("labels", "label"), ("velodyne", "bin"))
        for scan in range(3)
    ]
    files = sorted(["calib.txt", *scans, "poses.txt", "times.txt"])
    for sequence in ("00", "01", "02"):
        folder = streets / "sequences" / sequence
        assert sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()) == files
        assert numbers(streets, sequence, "poses.txt").shape == (3, 12)
        np.testing.assert_allclose(numbers(streets, sequence, "times.txt"), [0.0, 0.6, 1.2])
        names = [line.split(":")[0] for line in (folder / "calib.txt").read_text().splitlines()]
        assert names == ["P0", "P1", "P2", "P3", "Tr"]


def test_the_reader_reads_it(streets: Path) -> None:
    names = semantickitti.scenes_of_split(streets, "01")
    assert names == ["01_000000", "01_000001", "01_000002"]
    scene = semantickitti.read_scene(streets, names[1]).scene
    assert scene.intensity is not None
    assert 60_000 < len(scene.coord) < 130_000
    assert 0 <= scene.intensity.min() < scene.intensity.max() <= 1
    assert np.linalg.norm(scene.coord, axis=1).max() < 240


def test_every_class_occurs_and_every_id_is_in_the_map(streets: Path) -> None:
    found = {
        int(raw) for s in ("00", "01", "02") for n in range(3) for raw in np.unique(labels_of(streets, s, n) & 0xFFFF)
    }
    assert found <= set(semantickitti.CLASS_OF_RAW_ID)
    assert {semantickitti.CLASS_OF_RAW_ID[raw] for raw in found} >= set(semantickitti.CLASSES)
    assert {10, 252, 60, 52, 99, 1, 254} <= found


def test_each_sequence_can_evaluate_other_vehicle(streets: Path) -> None:
    for sequence in ("00", "01", "02"):
        counts = [np.isin(labels_of(streets, sequence, n) & 0xFFFF, OTHER_VEHICLE).sum() for n in range(3)]
        assert max(counts) >= 300


def test_instances_are_of_one_thing_in_all_scans_and_stuff_has_none(streets: Path) -> None:
    things = [raw for raw, name in semantickitti.CLASS_OF_RAW_ID.items() if name in semantickitti.THINGS]
    for sequence in ("00", "01", "02"):
        labels = np.concatenate([labels_of(streets, sequence, n) for n in range(3)])
        np.testing.assert_array_equal(labels >> 16 > 0, np.isin(labels & 0xFFFF, things))
        kinds = np.unique(labels[labels >> 16 > 0])
        assert len(np.unique(kinds >> 16)) == len(kinds)
        seen = [set(np.unique(labels_of(streets, sequence, n) >> 16)) for n in range(3)]
        assert len(seen[0] & seen[1] & seen[2]) > 5


def street_frame(root: Path, sequence: str, scan: int, points: np.ndarray) -> np.ndarray:
    """Return points (N, 3) of a scan in the frame of the sensor at the sequence's first scan, by the files alone."""
    lines = (root / "sequences" / sequence / "calib.txt").read_text().splitlines()
    (calibration,) = [line.split()[1:] for line in lines if line.startswith("Tr:")]
    to_camera = np.vstack([np.array(calibration, float).reshape(3, 4), [0, 0, 0, 1]])
    pose = np.vstack([numbers(root, sequence, "poses.txt")[scan].reshape(3, 4), [0, 0, 0, 1]])
    matrix = np.linalg.inv(to_camera) @ pose @ to_camera
    return points @ matrix[:3, :3].T + matrix[:3, 3]


def distance_to_boxes(points: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Return how far (N,) points are from the nearest face of one of some boxes (B, 2, 3)."""
    gap = np.abs(points[:, None] - boxes.mean(axis=1)) - (boxes[:, 1] - boxes[:, 0]) / 2
    outside, inside = np.linalg.norm(np.maximum(gap, 0), axis=2), np.minimum(gap.max(axis=2), 0)
    return np.abs(outside + inside).min(axis=1)


@pytest.mark.parametrize("scan", [0, 1, 2])
def test_poses_bring_the_walls_of_each_scan_to_where_they_stand(streets: Path, scan: int) -> None:
    street = street_of(0)
    walls = np.concatenate([thing.boxes() for thing in street.things if thing.model.kind == "building"])
    points, label = points_of(streets, "00", scan)[:, :3], labels_of(streets, "00", scan)
    first = street.poses[0]
    placed = street_frame(streets, "00", scan, points[label == 50])[::7] @ first.rotation.T + first.position
    assert len(placed) > 200
    assert (distance_to_boxes(placed, walls) < 0.1).mean() > 0.99
    assert (distance_to_boxes(np.add(placed, (1.0, 1.0, 0.0)), walls) < 0.1).mean() < 0.6


def test_the_road_of_all_scans_is_one_plane(streets: Path) -> None:
    for scan in range(3):
        points, label = points_of(streets, "02", scan)[:, :3], labels_of(streets, "02", scan) & 0xFFFF
        road = points[(label == 40) & (np.linalg.norm(points, axis=1) < 20)]
        pose = street_of(2).poses[scan]
        height = (road @ pose.rotation.T + pose.position)[:, 2]
        assert np.abs(np.median(height)) < 0.01
        assert height.std() < 0.05


def test_things_move_as_they_are_labelled(streets: Path) -> None:
    for scan in (0, 1):
        ways: dict[int, list[float]] = {}
        for number in (scan, scan + 1):
            points, label = points_of(streets, "01", number)[:, :3], labels_of(streets, "01", number)
            placed = street_frame(streets, "01", number, points)
            for raw in np.unique(label[np.isin(label & 0xFFFF, (10, *MOVING))]):
                if (label == raw).sum() > 150:
                    box = placed[label == raw]
                    ways.setdefault(int(raw), []).append(np.median(box[:, 0]))
        steps = {raw: abs(found[1] - found[0]) for raw, found in ways.items() if len(found) == 2}
        driving = [step for raw, step in steps.items() if raw & 0xFFFF in (252, 257, 258)]
        assert any(2.0 < step < 9.0 for step in driving)
        assert all(step < 2.5 for raw, step in steps.items() if raw & 0xFFFF == 10)


def test_equal_seeds_give_equal_bytes_whatever_the_workers(streets: Path, tmp_path: Path) -> None:
    again = tmp_path / "raw"
    generate_streets.generate(replace(SMALL, sequences=1), again, workers=1)
    known, fresh = bytes_of(streets), bytes_of(again)
    assert len(fresh) == 9
    assert all(known[name] == content for name, content in fresh.items())


def test_other_seeds_and_other_sequences_give_other_streets(streets: Path, tmp_path: Path) -> None:
    other = tmp_path / "raw"
    generate_streets.generate(StreetsConfig(sequences=1, scans=1, seed=8), other, workers=1)
    first = points_of(streets, "00", 0)
    for points in (points_of(other, "00", 0), points_of(streets, "01", 0)):
        assert len(points) != len(first) or (points != first).any()


def test_a_killed_generation_leaves_no_folder(tmp_path: Path) -> None:
    out = tmp_path / "raw"
    call = [sys.executable, str(COMMAND), "--config", json.dumps(vars(SMALL)), "--out", str(out)]
    process = subprocess.Popen(call, start_new_session=True)
    deadline = time.monotonic() + 300
    while not list(tmp_path.glob(".*raw/sequences/*/velodyne/*.bin")) and time.monotonic() < deadline:
        time.sleep(0.05)
    started = list(tmp_path.glob(".*raw/sequences/*/velodyne/*.bin"))
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert started
    assert not out.exists()
