"""Read a folder of the user's own clouds, one file per scene: `.ply`, `.las`, `.laz` or `.npz`.

A split is a list of patterns of file names, a scene the file's path in the folder without its ending. Coordinates are
x, y, z in metres (in an `.npz`, `coord` (N, 3)). LAS: ASPRS LAS 1.0 to 1.4, read by laspy; PLY: text or binary.
The dataset's keys name the attribute that holds the raw ids and the class of each id: `KEYS`.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from openworld3d.errors import UserError
from openworld3d.raw.files import require
from openworld3d.raw.labels import Reading, class_of_raw_id, map_labels, recentre, whole_numbers
from openworld3d.raw.point_files import ENDINGS, read_cloud_file
from openworld3d.scenes.scene import NO_INSTANCE, Scene

CLASSES: list[str] = []

THINGS: list[str] = []

KEYS: dict[str, Any] = {
    "label": {"description": "the attribute of the points that holds their raw ids, whole numbers", "type": "string"},
    "classes": {
        "description": "for each class, by name and in their order, a list of its raw ids",
        "type": "object",
        "minProperties": 3,
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
    "splits": {
        "description": "for each split a list of patterns of its files, such as west/*.laz",
        "type": "object",
        "minProperties": 1,
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
}

GENERATOR: str | None = None

TABLES: list[str] = []


def scenes_of_split(root: Path, split: str, **keys: Any) -> list[str]:
    """Return the scenes of a split, in alphabetical order."""
    return [name_of(file, root) for file in files_of_split(root, split, keys["splits"][split])]


def files_of_split(root: Path, split: str, patterns: list[str]) -> list[Path]:
    """Return the files that a split's patterns match, in alphabetical order.

    Raises UserError where a pattern matches none or a file of another format."""
    files: set[Path] = set()
    for pattern in patterns:
        check_pattern(pattern, f"{root}: split {split}")
        matched = [file for file in root.glob(pattern) if not file.is_dir()]
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
    listed = [file for split, patterns in keys["splits"].items() for file in files_of_split(root, split, patterns)]
    files = sorted({file for file in listed if name_of(file, root) == name})
    if len(files) > 1:
        raise UserError(f"{files[0]}: its scene is named {name}, like that of {files[1]}; rename one of the files")
    return [require(files[0], f"scene {name}")]


def read_scene(root: Path, name: str, **keys: Any) -> Reading:
    """Read one cloud: coord (N, 3) float32 in metres, moved near 0, color or intensity, label; no instances.

    Colours and intensities above full brightness are clipped to it.
    """
    (file,) = files_of_scene(root, name, **keys)
    color_full, intensity_full = keys["color_full"], keys["intensity_full"]
    wanted = ["coord", *(["color"] if color_full else []), *(["intensity"] if intensity_full else [])]
    cloud = read_cloud_file(file, [*wanted, keys["label"]])
    coord, shift = recentre(cloud["coord"].astype(np.float64), file)
    label, void_ids = map_labels(
        whole_numbers(cloud[keys["label"]], keys["label"], file), index_of_raw_id(keys), file
    )
    scene = Scene(coord, label, np.full(len(coord), NO_INSTANCE, np.int32))
    if color_full:
        scene.color = np.round(share_of(cloud["color"], color_full, "color", file) * 255).astype(np.uint8)
    if intensity_full:
        scene.intensity = share_of(cloud["intensity"], intensity_full, "intensity", file).astype(np.float32)
    return Reading(scene, void_ids, shift)


def index_of_raw_id(keys: dict[str, Any]) -> dict[int, int]:
    """Return the class index of each raw id, 255 where void."""
    of_raw_id: dict[int, str | None] = dict.fromkeys(keys["void"])
    of_raw_id.update({raw_id: name for name, raw_ids in keys["classes"] for raw_id in raw_ids})
    return class_of_raw_id(of_raw_id, [name for name, _ in keys["classes"]])


def share_of(values: np.ndarray, full: float, name: str, file: Path) -> np.ndarray:
    """Return values divided by full brightness and clipped to 0..1: float64 of the same shape."""
    wrong = np.argwhere(~np.isfinite(values))
    if len(wrong):
        place = int(wrong[0][0])
        raise UserError(
            f"{file}: point {place} has the {name} {values[place].tolist()}, expected finite numbers; "
            "correct the file"
        )
    return np.clip(values / full, 0, 1)
