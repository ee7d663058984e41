"""Read a folder of the user's own clouds, one file per scene: `.ply`, `.las`, `.laz` or `.npz`.

A split is a list of patterns of file names, a scene the file's path in the folder without its ending. Coordinates are
x, y, z in metres (in an `.npz`, `coord` (N, 3)). LAS: ASPRS LAS 1.0 to 1.4, read by laspy, withheld points are void;
PLY: text or binary. The dataset's keys name the attributes and the class of each raw id: `KEYS`.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from openworld3d.errors import UserError
from openworld3d.files import canonical_json
from openworld3d.raw.files import entries, require
from openworld3d.raw.labels import (
    Brightness,
    Reading,
    class_of_raw_id,
    map_labels,
    recentre,
    share_of,
    whole_numbers,
)
from openworld3d.raw.point_files import ENDINGS, read_cloud_file
from openworld3d.scenes.scene import NO_INSTANCE, Scene

CLASSES: list[str] = []

THINGS: list[str] = []

GROUPS: dict[str, list[str]] = {}

KEYS: dict[str, Any] = {
    "label": {"description": "the attribute of the points that holds their raw ids, whole numbers", "type": "string"},
    "classes": {
        "description": "for each class, by name and in their order, a list of its raw ids",
        "type": "object",
        "minProperties": 3,
        "propertyNames": {"$ref": "#/$defs/class"},
        "additionalProperties": {"$ref": "#/$defs/raw_ids"},
    },
    "void": {
        "description": "a list of the raw ids of no class; none where it is left out",
        "$ref": "#/$defs/raw_ids",
        "default": [],
    },
    "things": {
        "description": "a list of the classes that are countable objects; none where it is left out",
        "type": "array",
        "uniqueItems": True,
        "items": {"type": "string"},
        "default": [],
    },
    "groups": {
        "description": "for each group of classes, by name, a list of them, each class in one; none where left out",
        "type": "object",
        "propertyNames": {
            "description": "the name of a group, on one line; in quotes where it is a number",
            "type": "string",
            "pattern": r"^[^\x00-\x1f\x7f]+\Z",
        },
        "additionalProperties": {"$ref": "#/$defs/names"},
        "default": {},
    },
    "splits": {
        "description": "for each split a list of patterns of its files, such as west/*.laz",
        "type": "object",
        "minProperties": 1,
        "propertyNames": {"$ref": "#/$defs/split"},
        "additionalProperties": {"$ref": "#/$defs/names"},
    },
    "color_full": {
        "description": "the full brightness of red, green and blue, 255 or 65535; left out where there is no colour",
        "type": "number",
        "exclusiveMinimum": 0,
        "default": None,
    },
    "intensity_full": {
        "description": "the intensity from which on a point counts as brightest; left out where there is none",
        "type": "number",
        "exclusiveMinimum": 0,
        "default": None,
    },
    "coord": {
        "description": "a list of the three attributes that hold x, y and z, or the name of their array",
        "anyOf": [
            {"type": "string"},
            {"type": "array", "minItems": 3, "maxItems": 3, "uniqueItems": True, "items": {"type": "string"}},
        ],
        "default": None,
    },
    "color": {
        "description": "a list of the three attributes that hold red, green and blue, or the name of their array",
        "anyOf": [
            {"type": "string"},
            {"type": "array", "minItems": 3, "maxItems": 3, "uniqueItems": True, "items": {"type": "string"}},
        ],
        "default": None,
    },
    "intensity": {
        "description": "the name of the attribute that holds the intensity",
        "type": "string",
        "default": None,
    },
    "element": {
        "description": "the name of the element of a .ply whose rows are the points",
        "type": "string",
        "default": None,
    },
}

GENERATOR: str | None = None

TABLES: list[str] = []

ORIGIN_IS_SENSOR: bool = False

HAS_INSTANCES: bool = False

CLASS_OF_RAW_ID: dict[int, str | None] = {}

# In metres; and which share of one the rounding of float64 may be, in the coordinates of a map.
COARSE_STEPS, NO_STEP = (1.0, 0.5), 1e-6


def scenes_of_split(root: Path, split: str, **keys: Any) -> list[str]:
    """Return the scenes of a split, in alphabetical order."""
    for name in ("color", "intensity"):
        if keys[name] and not keys[f"{name}_full"]:
            raise UserError(
                f"{root}: the dataset's key {name} is {keys[name]}, but without {name}_full no {name} is read; add "
                f"{name}_full, or leave {name} out"
            )
    files_by_name.cache_clear()
    return [name_of(file, root) for file in files_of_split(root, split, keys["splits"][split])]


def files_of_split(root: Path, split: str, patterns: list[str]) -> list[Path]:
    """Return the files that a split's patterns match, in alphabetical order.

    Raises UserError where a pattern matches none or a file of another format."""
    files: set[Path] = set()
    for pattern in patterns:
        check_pattern(pattern, f"{root}: split {split}")
        matched = [file for file in entries(root, pattern) if not file.is_dir()]
        if not matched:
            raise UserError(f"{root}: has no file that matches split {split}'s pattern {pattern}; correct either")
        files.update(matched)
    for file in files:
        if file.suffix.lower() not in ENDINGS:
            raise UserError(
                f"{file}: is matched by split {split}, expected {', '.join(ENDINGS)}; narrow the split's patterns"
            )
    return sorted(files)


def check_pattern(pattern: str, place: str) -> None:
    """Reject empty or escaping patterns."""
    parts = PurePosixPath(pattern).parts
    if not parts or ".." in parts or pattern.startswith("/") or any("**" in part for part in parts if part != "**"):
        raise UserError(
            f"{place} has the pattern {pattern!r}, expected file names below the root, with ** as a folder of its "
            "own; correct the dataset's splits"
        )


def name_of(file: Path, root: Path) -> str:
    """Return the name of a file's scene: its path below the root, joined by _, without the ending."""
    return "_".join(file.relative_to(root).with_suffix("").parts)


def files_of_scene(root: Path, name: str, **keys: Any) -> list[Path]:
    """Return the file of a scene; raises UserError where two files share its name."""
    files = files_by_name(root, canonical_json(keys["splits"])).get(name, [root / name])
    if len(files) > 1:
        raise UserError(f"{files[0]}: its scene is named {name}, like that of {files[1]}; rename one of the files")
    return [require(files[0], f"scene {name}")]


@lru_cache(maxsize=None)
def files_by_name(root: Path, splits: str) -> dict[str, list[Path]]:
    """Return the files of each scene, sorted; once per listing of a split, for a folder may have thousands."""
    files: dict[str, list[Path]] = {}
    listed = {
        file for split, patterns in json.loads(splits).items() for file in files_of_split(root, split, patterns)
    }
    for file in sorted(listed):
        files.setdefault(name_of(file, root), []).append(file)
    return files


def read_scene(root: Path, name: str, **keys: Any) -> Reading:
    """Read one cloud: coord (N, 3) float32 in metres, moved near 0, color or intensity, label; no instances.

    Colours and intensities above full brightness are clipped to it; withheld points of a .las are void.
    """
    (file,) = files_of_scene(root, name, **keys)
    fulls = {name: keys[f"{name}_full"] for name in ("color", "intensity") if keys[f"{name}_full"]}
    names = {name: keys[name] for name in ("coord", *fulls) if keys[name]}
    cloud = read_cloud_file(file, ["coord", *fulls, keys["label"]], names, keys["element"])
    coord, shift = recentre(cloud["coord"].astype(np.float64), file)
    raw = whole_numbers(cloud[keys["label"]], keys["label"], file)
    label, void_ids = map_labels(raw, index_of_raw_id(keys), file, cloud.get("withheld"))
    scene = Scene(coord, label, np.full(len(coord), NO_INSTANCE, np.int32))
    if "color" in fulls:
        scene.color = np.round(share_of(cloud["color"], fulls["color"], "color", file) * 255).astype(np.uint8)
    if "intensity" in fulls:
        scene.intensity = share_of(cloud["intensity"], fulls["intensity"], "intensity", file).astype(np.float32)
    brightness = {name: brightness_of(cloud[name], full) for name, full in fulls.items()}
    return Reading(scene, void_ids, shift, resolution=resolution_of(cloud["coord"]), brightness=brightness)


def index_of_raw_id(keys: dict[str, Any]) -> dict[int, int]:
    """Return the class index of each raw id, 255 where void."""
    of_raw_id: dict[int, str | None] = dict.fromkeys(keys["void"])
    of_raw_id.update({raw_id: name for name, raw_ids in keys["classes"] for raw_id in raw_ids})
    return class_of_raw_id(of_raw_id, [name for name, _ in keys["classes"]])


def brightness_of(values: np.ndarray, full: float) -> Brightness:
    """Return what a file says of brightness, beside what the config says is full: (N,) or (N, 3)."""
    above = (values > full).reshape(len(values), -1).any(1)
    return Brightness(full, float(values.max()), float(above.mean()))


def resolution_of(coord: np.ndarray) -> float:
    """Return the metres between two numbers of an array's type at its farthest point, 0.5 at 5,000 km in float32.

    Or 1 or 0.5 where all points lie so far apart, as with such scales of a .las: (N, 3).
    """
    of_type = float(np.spacing(np.abs(coord).max())) if coord.dtype.kind == "f" else 1.0
    return max(of_type, *(step for step in COARSE_STEPS if is_grid(coord, step)), 0.0)


def is_grid(coord: np.ndarray, step: float) -> bool:
    """Return whether the coordinates of several points differ by multiples of a step in metres: (N, 3)."""
    steps = ((axis - axis[0]).astype(np.float64) / step for axis in coord.T)
    return len(coord) > 1 and all(np.abs(number - np.rint(number)).max() < NO_STEP for number in steps)
