"""Write a sequence in the layout of SemanticKITTI."""

from __future__ import annotations

from pathlib import Path
from typing import Sequence

import numpy as np

from openworld3d.generators.streets.drive import Pose
from openworld3d.generators.streets.sensor import Scan

# In pixels of 1241 x 376 images that do not exist: readers of KITTI expect the cameras.
FOCAL, MIDDLE = 718.856, (607.1928, 185.2157)
BASELINES = (0.0, 0.5372, -0.06, 0.4731)
# The left camera looks ahead (its z), has x to the right and y down, and sits before and below the sensor.
CAMERA_OF_SENSOR = np.array(
    [[0.0, -1.0, 0.0, 0.0], [0.0, 0.0, -1.0, -0.08], [1.0, 0.0, 0.0, -0.27], [0.0, 0.0, 0.0, 1.0]]
)


def write_scan(folder: Path, number: int, scan: Scan) -> None:
    """Write points and labels of one scan into `velodyne/` and `labels/`."""
    for name, suffix, array in (("velodyne", "bin", scan.points), ("labels", "label", scan.labels)):
        (folder / name).mkdir(parents=True, exist_ok=True)
        (folder / name / f"{number:06d}.{suffix}").write_bytes(array.tobytes())


def write_trajectory(folder: Path, poses: Sequence[Pose], times: np.ndarray) -> None:
    """Write `calib.txt`, `poses.txt` and `times.txt`, poses of the left camera in the frame of its first."""
    lines = {
        "calib.txt": [f"{name}: {row(matrix)}\n" for name, matrix in calibration().items()],
        "poses.txt": [f"{row(pose)}\n" for pose in camera_poses(poses)],
        "times.txt": [f"{time:e}\n" for time in times],
    }
    for name, of_file in lines.items():
        (folder / name).write_text("".join(of_file), encoding="utf-8")


def calibration() -> dict[str, np.ndarray]:
    """Return (3, 4) matrices: the cameras' projections P0 to P3, and Tr from the sensor's frame to the left one's."""
    found = {}
    for number, baseline in enumerate(BASELINES):
        projection = np.array([[FOCAL, 0, MIDDLE[0], -FOCAL * baseline], [0, FOCAL, MIDDLE[1], 0], [0, 0, 1, 0]])
        found[f"P{number}"] = projection
    return {**found, "Tr": CAMERA_OF_SENSOR[:3]}


def camera_poses(poses: Sequence[Pose]) -> list[np.ndarray]:
    """Return the left camera's poses (3, 4) in the frame of its first."""
    to_camera = CAMERA_OF_SENSOR
    matrices = [np.block([[pose.rotation, pose.position[:, None]], [np.zeros((1, 3)), 1.0]]) for pose in poses]
    back = np.linalg.inv(matrices[0])
    return [(to_camera @ back @ matrix @ np.linalg.inv(to_camera))[:3] for matrix in matrices]


def row(matrix: np.ndarray) -> str:
    """Return a matrix (3, 4) as twelve numbers, row by row."""
    return " ".join(f"{value:.12e}" for value in matrix.ravel())
