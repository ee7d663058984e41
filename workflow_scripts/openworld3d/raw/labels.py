"""What readers of raw layouts share: mapping labels, moving the origin, numbering instances, checking values."""

from __future__ import annotations

from pathlib import Path
from types import MappingProxyType
from typing import Mapping, NamedTuple

import numpy as np

from openworld3d.errors import UserError
from openworld3d.scenes.scene import NO_INSTANCE, VOID, Scene

# Below this float32 resolves a quarter of a millimetre, and up to four times it a millimetre.
NEAR_ORIGIN = 4096.0
LARGEST_EXTENT = 16384.0
WITHHELD = "withheld"


class Brightness(NamedTuple):
    """What is full brightness by the config, the largest value of a file, and the share of its points above full."""

    full: float
    largest: float
    above: float


class Reading(NamedTuple):
    """A scene as read, and what reading left out.

    void_ids: the points of each void raw id, and those withheld; shift: metres to add to the scene's coord for the
    file's; notes: what a person should know of how it was read, such as a fault that was mended, a line of the
    protocol's page each; resolution: metres between the numbers that the file's type has for its farthest coordinate;
    brightness: that of color and intensity, where the config says what is full.
    """

    scene: Scene
    void_ids: dict[str, int]
    shift: tuple[float, ...] = (0.0, 0.0, 0.0)
    notes: tuple[str, ...] = ()
    resolution: float = 0.0
    brightness: Mapping[str, Brightness] = MappingProxyType({})


def class_of_raw_id(raw_ids: dict[int, str | None], classes: list[str]) -> dict[int, int]:
    """Return the index in `classes` of each raw id, 255 where `raw_ids` maps it to None (void)."""
    return {raw: VOID if name is None else classes.index(name) for raw, name in raw_ids.items()}


def map_labels(
    raw: np.ndarray, index_of: dict[int, int], file: Path, withheld: np.ndarray | None = None
) -> tuple[np.ndarray, dict[str, int]]:
    """Map raw ids to class indices and count the void ones: (N,) integer -> (N,) uint8, points by id.

    Withheld points, (N,) bool, are void whatever their id. Raises UserError for an id outside the map.
    """
    kept = np.arange(len(raw)) if withheld is None else np.flatnonzero(~withheld)
    present, inverse, count = np.unique(raw[kept], return_inverse=True, return_counts=True)
    inverse = inverse.reshape(-1)
    for position, raw_id in enumerate(present.tolist()):
        if raw_id not in index_of:
            place = int(kept[np.flatnonzero(inverse == position)[0]])
            raise UserError(
                f"{file}: point {place} has the raw label {raw_id}, which is neither a class nor void in the "
                f"dataset's map; correct the labels or add the id to the map"
            )
    table = np.array([index_of[raw_id] for raw_id in present.tolist()], np.uint8)
    label = np.full(len(raw), VOID, np.uint8)
    label[kept] = table[inverse]
    void = {
        str(raw_id): points for raw_id, points in zip(present.tolist(), count.tolist()) if index_of[raw_id] == VOID
    }
    if len(kept) < len(raw):
        void[WITHHELD] = len(raw) - len(kept)
    return label, void


def recentre(coord: np.ndarray, file: Path) -> tuple[np.ndarray, tuple[float, ...]]:
    """Move coordinates near 0 and return the shift, in whole metres: (N, 3) float64 -> (N, 3) float32.

    The shift is 0 where float32 resolves a quarter of a millimetre, as in a room; map coordinates, 10^6 m and more,
    would be left in steps of decimetres. Raises UserError where a scene is wider than 16 km.
    """
    check_points(coord, file)
    shift = np.floor(coord.min(0)) if np.abs(coord).max() > NEAR_ORIGIN else np.zeros(3)
    moved = coord - shift
    if moved.max() > LARGEST_EXTENT:
        place = int(moved.max(1).argmax())
        raise UserError(
            f"{file}: point {place} lies at {coord[place].tolist()}, {moved[place].max():g} m from the scene's "
            f"lowest corner, expected at most {LARGEST_EXTENT:g} m; remove the point, write metres, or cut the scene "
            "into tiles"
        )
    return moved.astype(np.float32), tuple(shift.tolist())


def check_points(coord: np.ndarray, file: Path) -> None:
    """Reject an empty scene and coordinates that are not finite."""
    if len(coord) == 0:
        raise UserError(f"{file}: holds no point, expected at least one; leave it out of the folder or split")
    wrong = np.flatnonzero(~np.isfinite(coord).all(1))
    if len(wrong):
        raise UserError(
            f"{file}: point {wrong[0]} has the coordinate {coord[wrong[0]].tolist()}, expected finite numbers "
            f"({len(wrong)} such points); remove those points or scan again"
        )


def check_length(found: int, expected: int, file: Path, points_file: Path) -> None:
    """Reject labels that are not one per point."""
    if found != expected:
        raise UserError(
            f"{file}: holds {found} labels, expected {expected}, one for each point of {points_file}; "
            f"fetch both files of the same release again"
        )


def check_scan(points: np.ndarray, brightest: float, file: Path) -> None:
    """Reject a LiDAR scan with impossible values: (N, >= 4) float32 x, y, z, intensity.

    Coordinates must be finite and within 16 km of the sensor, intensities in 0..`brightest`.
    """
    check_points(points[:, :3], file)
    far = np.flatnonzero(np.abs(points[:, :3]).max(1) > LARGEST_EXTENT)
    if len(far):
        raise UserError(
            f"{file}: point {far[0]} lies at {points[far[0], :3].tolist()}, expected metres from the sensor, at most "
            f"{LARGEST_EXTENT:g} ({len(far)} such points); remove those points or fetch the file again"
        )
    intensity = points[:, 3]
    wrong = np.flatnonzero(~((intensity >= 0) & (intensity <= brightest)))
    if len(wrong):
        raise UserError(
            f"{file}: point {wrong[0]} has the intensity {intensity[wrong[0]]}, expected 0 to {brightest:g} "
            f"({len(wrong)} such points); correct the intensities or fetch the file again"
        )


def share_of(values: np.ndarray, full: float, name: str, file: Path) -> np.ndarray:
    """Return values divided by full brightness and clipped to 1: float64 of the same shape, (N,) or (N, 3)."""
    wrong = np.argwhere(~(np.isfinite(values) & (values >= 0)))
    if len(wrong):
        place = int(wrong[0][0])
        raise UserError(
            f"{file}: point {place} has the {name} {values[place].tolist()}, expected finite numbers from 0 on; "
            "correct the file"
        )
    return np.minimum(values / full, 1)


def whole_numbers(values: np.ndarray, name: str, file: Path) -> np.ndarray:
    """Return values as integers, also where a program wrote them as floats; raises UserError for a fraction."""
    if values.dtype.kind in "iu":
        return values
    wrong = np.flatnonzero(~(np.abs(values) < 2.0**63) | (values != np.floor(values)))
    if len(wrong):
        raise UserError(
            f"{file}: point {wrong[0]} has the {name} {values[wrong[0]]}, expected whole numbers; correct or "
            "fetch the file again, or name another attribute as the dataset's label"
        )
    return values.astype(np.int64)


def number_instances(ids: np.ndarray, has: np.ndarray) -> np.ndarray:
    """Number the instances of a scan from 0, -1 where `has` is false: (N,) integer, (N,) bool -> (N,) int32.

    `ids` must differ between classes, as SemanticKITTI numbers instances per class.
    """
    instance = np.full(len(ids), NO_INSTANCE, np.int32)
    instance[has] = np.unique(ids[has], return_inverse=True)[1].reshape(-1)
    return instance
