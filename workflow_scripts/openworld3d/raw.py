"""What raw layouts share: files read whole, the total label map, the origin and checks, each refusal one sentence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Callable, NamedTuple

import numpy as np

from openworld3d.errors import UserError
from openworld3d.scene import NO_INSTANCE, VOID, Scene

# Up to here float32 tells a quarter of a millimetre apart, and a millimetre up to four times as far.
NEAR_ORIGIN = 4096.0
LARGEST_EXTENT = 16384.0


class Reading(NamedTuple):
    """A scene as it was read, and what reading it left out.

    void_ids: points of each raw id that is void, by id; shift: metres to add to the scene's coord for the file's.
    """

    scene: Scene
    void_ids: dict[str, int]
    shift: tuple[float, ...] = (0.0, 0.0, 0.0)


def class_of_raw_id(raw_ids: dict[int, str | None], classes: list[str]) -> dict[int, int]:
    """Return raw id -> index in `classes`, 255 for the ids that `raw_ids` maps to None (void)."""
    return {raw: VOID if name is None else classes.index(name) for raw, name in raw_ids.items()}


def map_labels(raw: np.ndarray, index_of: dict[int, int], file: Path) -> tuple[np.ndarray, dict[str, int]]:
    """Map raw ids to class indices, and count those that are void: (N,) integer -> (N,) uint8, points by id.

    An id outside the map refuses the file.
    """
    present, inverse, count = np.unique(raw, return_inverse=True, return_counts=True)
    for position, raw_id in enumerate(present.tolist()):
        if raw_id not in index_of:
            place = int(np.flatnonzero(inverse == position)[0])
            raise UserError(
                f"{file}: point {place} has the raw label {raw_id}, which is neither a class nor void in the "
                f"dataset's map; correct the labels or add the id to the map"
            )
    table = np.array([index_of[raw_id] for raw_id in present.tolist()], np.uint8)
    void = {
        str(raw_id): points for raw_id, points in zip(present.tolist(), count.tolist()) if index_of[raw_id] == VOID
    }
    return table[inverse.reshape(-1)], void


def recentre(coord: np.ndarray, file: Path) -> tuple[np.ndarray, tuple[float, ...]]:
    """Return coordinates as float32 and what was taken off them, whole metres: (N, 3) float64 -> (N, 3) float32.

    Nothing is taken off where float32 holds them to a quarter of a millimetre, as in a room; of a map's coordinates,
    10^6 m and more, it would leave steps of decimetres. Raises UserError where a scene is wider than 16 km.
    """
    check_points(coord, file)
    shift = np.floor(coord.min(0)) if np.abs(coord).max() > NEAR_ORIGIN else np.zeros(3)
    moved = coord - shift
    if moved.max() > LARGEST_EXTENT:
        place = int(moved.max(1).argmax())
        raise UserError(
            f"{file}: point {place} lies at {coord[place].tolist()}, {moved[place].max():g} m from the scene's "
            f"lowest corner, expected at most {LARGEST_EXTENT:g} m; remove the point or cut the scene into tiles"
        )
    return moved.astype(np.float32), tuple(shift.tolist())


def check_points(coord: np.ndarray, file: Path) -> None:
    """Refuse an empty scene and coordinates that are not finite."""
    if len(coord) == 0:
        raise UserError(f"{file}: holds no point, expected at least one; remove the scene from its split")
    wrong = np.flatnonzero(~np.isfinite(coord).all(1))
    if len(wrong):
        raise UserError(
            f"{file}: point {wrong[0]} has the coordinate {coord[wrong[0]].tolist()}, expected finite numbers "
            f"({len(wrong)} such points); remove those points or scan again"
        )


def check_length(found: int, expected: int, file: Path, points_file: Path) -> None:
    """Refuse labels that are not one per point."""
    if found != expected:
        raise UserError(
            f"{file}: holds {found} labels, expected {expected}, one for each point of {points_file}; "
            f"fetch both files of the same release again"
        )


def require(path: Path, wanted_by: str) -> Path:
    """Return `path`, or refuse in a sentence where it does not exist."""
    if not path.exists():
        raise UserError(f"{path}: does not exist, though {wanted_by} needs it; check the dataset's root or fetch it")
    return path


def read_whole(file: Path, dtype: np.dtype, record: int) -> np.ndarray:
    """Read a headerless array; a file that ends within a record is refused as truncated."""
    size = file.stat().st_size
    if size % record:
        raise UserError(
            f"{file}: is {size} bytes long, expected a multiple of {record}; the file is truncated, fetch it again"
        )
    return np.fromfile(file, dtype)


def read_json(file: Path, object_hook: Callable[[dict[str, Any]], Any] | None = None) -> Any:
    """Read a JSON file, or refuse it in a sentence; what `object_hook` makes of an object stands in its place."""
    try:
        return json.loads(file.read_text(), object_hook=object_hook)
    except json.JSONDecodeError as error:
        raise UserError(f"{file}: is not JSON ({error}); fetch it again") from error


def number_instances(ids: np.ndarray, has: np.ndarray) -> np.ndarray:
    """Number the instances of a scan from 0, -1 where `has` is false: (N,) integer, (N,) bool -> (N,) int32.

    An id has its class in it, since SemanticKITTI counts instances per class.
    """
    instance = np.full(len(ids), NO_INSTANCE, np.int32)
    instance[has] = np.unique(ids[has], return_inverse=True)[1].reshape(-1)
    return instance
