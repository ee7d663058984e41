"""Read a cloud that has no labels, as the clouds were read that a network was trained on."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from openworld3d.errors import UserError
from openworld3d.raw.attributes import Names
from openworld3d.raw.files import read_whole
from openworld3d.raw.kitti import BRIGHTEST
from openworld3d.raw.labels import LARGEST_EXTENT, check_points, check_scan, recentre, share_of
from openworld3d.raw.point_files import ENDINGS as WITH_NAMES
from openworld3d.raw.point_files import read_cloud_file
from openworld3d.scenes.scene import NO_INSTANCE, VOID, Scene

SCAN = ".bin"
ENDINGS = (*WITH_NAMES, SCAN)
# A row of a scan: x, y, z, intensity, and in nuScenes' files the ring.
COLUMNS, COLUMNS_OF_NUSCENES = 4, 5


@dataclass(frozen=True)
class Sensing:
    """What a network reads of a cloud.

    appearance: `color`, `intensity` or None; origin_is_sensor: whether coordinates are those of the sensor; full: the
    colour or intensity from which on a point counts as brightest, None where the type of the file's numbers says it;
    names, element: as `read_cloud_file` takes them.
    """

    appearance: str | None
    origin_is_sensor: bool
    full: float | None = None
    names: Names = field(default_factory=dict)
    element: str | None = None


def read_unlabelled(file: Path, sensing: Sensing) -> Scene:
    """Read a cloud, all of whose labels are void; `is_point` says which rows of a scan have a return.

    Raises UserError where the file cannot be read or lacks what the network reads.
    """
    if file.suffix.lower() == SCAN:
        return read_scan(file, sensing)
    wanted = ["coord", *([sensing.appearance] if sensing.appearance else [])]
    cloud = read_cloud_file(file, wanted, sensing.names, sensing.element)
    coord = cloud["coord"].astype(np.float64)
    scene = unlabelled(seen_from_sensor(coord, file) if sensing.origin_is_sensor else recentre(coord, file)[0])
    if sensing.appearance:
        share = share_of_full(cloud[sensing.appearance], sensing, file)
        if sensing.appearance == "color":
            scene.color = np.round(share * 255).astype(np.uint8)
        else:
            scene.intensity = share.astype(np.float32)
    scene.origin_is_sensor = sensing.origin_is_sensor
    return scene


def read_scan(file: Path, sensing: Sensing) -> Scene:
    """Read a `.bin`, float32 x, y, z and intensity; rows of zeros have no return."""
    if sensing.appearance == "color":
        raise UserError(f"{file}: has no colour, which the network reads; give clouds that have one")
    rows = rows_of_scan(file)
    is_point = np.any(rows[:, :3], axis=1)
    points = rows[is_point]
    check_scan(points, BRIGHTEST, file)  # which says of a scan without a point that it holds none
    scene = unlabelled(np.ascontiguousarray(points[:, :3]))
    scene.origin_is_sensor = sensing.origin_is_sensor
    if sensing.appearance:
        scene.intensity = share_of_full(points[:, 3], sensing, file).astype(np.float32)
    scene.is_point = None if is_point.all() else is_point
    return scene


def rows_of_scan(file: Path) -> np.ndarray:
    """Return the rows of a `.bin`, (R, 4) float32, or (R, 5) of a `.pcd.bin`, which nuScenes has."""
    columns = COLUMNS_OF_NUSCENES if file.name.lower().endswith(f".pcd{SCAN}") else COLUMNS
    return read_whole(file, np.dtype("<f4"), 4 * columns).reshape(-1, columns)


def unlabelled(coord: np.ndarray) -> Scene:
    """Return a scene of void points: coord (N, 3) float32."""
    return Scene(coord, np.full(len(coord), VOID, np.uint8), np.full(len(coord), NO_INSTANCE, np.int32))


def seen_from_sensor(coord: np.ndarray, file: Path) -> np.ndarray:
    """Return coordinates that begin at the sensor as they are: (N, 3) float64 -> (N, 3) float32."""
    check_points(coord, file)
    far = np.flatnonzero(np.abs(coord).max(axis=1) > LARGEST_EXTENT)
    if len(far):
        raise UserError(
            f"{file}: point {far[0]} lies at {coord[far[0]].tolist()}, but the network was trained on scans whose "
            f"sensor is the origin, expected at most {LARGEST_EXTENT:g} m; subtract the sensor's position"
        )
    return coord.astype(np.float32)


def share_of_full(values: np.ndarray, sensing: Sensing, file: Path) -> np.ndarray:
    """Return colours (N, 3) or intensities (N,) as shares of full brightness: float64 in 0..1."""
    assert sensing.appearance is not None
    return share_of(values, full_of(values, sensing), sensing.appearance, file)


def full_of(values: np.ndarray, sensing: Sensing) -> float:
    """Return full brightness: that of the training, else by the type of the values.

    Some programs write colours of 8 bits into the 16 of a `.las`, or as floats.
    """
    if values.dtype == np.uint8:
        return 255.0
    if sensing.full is not None:
        return sensing.full
    if sensing.appearance == "intensity":
        return 1.0 if values.dtype.kind == "f" else float(np.iinfo(values.dtype).max)
    largest = values.max()
    if values.dtype.kind == "f" and largest <= 1:
        return 1.0
    return 255.0 if largest <= 255 else 65535.0
