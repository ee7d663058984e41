"""Read S3DIS in the layout of its aligned release 1.2: `Area_<n>/<room>/Annotations/<class>_<k>.txt`, an object each.

A split is an area, a scene a room. A line is x, y, z in metres and red, green, blue in 0..255, separated by spaces.
Classes: the 13 of Armeni et al. (CVPR 2016), by the names of the files, not by number: two orders are in use. The
file of a whole room beside its Annotations, misnamed in Area_6/copyRoom_1, is not read.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any, Sequence

import numpy as np

from openworld3d.errors import UserError, nearest
from openworld3d.raw.files import entries, require
from openworld3d.raw.labels import Reading, recentre
from openworld3d.scenes.scene import Scene

KEYS: dict[str, Any] = {}

GENERATOR: str | None = None

TABLES: list[str] = []

ORIGIN_IS_SENSOR: bool = False

HAS_INSTANCES: bool = True

CLASS_OF_RAW_ID: dict[int, str | None] = {}

CLASSES: list[str] = [
    "ceiling",
    "floor",
    "wall",
    "beam",
    "column",
    "window",
    "door",
    "table",
    "chair",
    "sofa",
    "bookcase",
    "board",
    "clutter",
]

# Beam, column, window and door can be counted, but are built in; a board hangs like the pictures of ScanNet. A file
# of clutter, stairs among it, need not be one object, nor a movable one.
THINGS: list[str] = [
    "table",
    "chair",
    "sofa",
    "bookcase",
    "board",
]

GROUPS: dict[str, list[str]] = {}

# Stairs are the one name of the release that is not a class. PointNet's preprocessing maps every such name to
# clutter, KPConv's stairs alone, and rejects others; so do we, or a misspelt class would pass for clutter.
CLASS_OF_NAME: dict[str, str] = {**dict(zip(CLASSES, CLASSES)), "stairs": "clutter"}

AREAS = [f"Area_{number}" for number in range(1, 7)]
COLUMNS = 6

# In these files of the release a character has lost a bit: `185\x00187 182` in line 180389 of the first, and in the
# release that is not aligned `103.0\x100000` in line 323474 of the second.
STRAY_FILES = [("Area_5", room, "Annotations", "ceiling_1.txt") for room in ("hallway_6", "office_19")]
STRAY = bytes(byte for byte in range(32) if byte not in b"\t\n\r")
WITH_LOST_BIT = bytes.maketrans(STRAY, bytes(byte | 0x20 for byte in STRAY))
# A copy of wall_3.txt that the release has beside it.
COPY = ("Area_5", "office_36", "Annotations", "wall_3 (1).txt")


def scenes_of_split(root: Path, split: str, **keys: Any) -> list[str]:
    """Return the rooms of an area, `<area>_<room>`, in alphabetical order."""
    if split not in AREAS:
        raise UserError(
            f"{root}: S3DIS has no split {split!r}{nearest(split, AREAS)}; choose one of {', '.join(AREAS)}"
        )
    folder = require(root / split, f"split {split}")
    rooms = [room.name for room in entries(folder, "*") if room.is_dir()]
    if not rooms:
        raise UserError(f"{folder}: holds no folder, expected one for each room of {split}; fetch the area again")
    names = [f"{split}_{room}" for room in rooms]
    for name in names:
        files_of_scene(root, name)
    return names


def files_of_scene(root: Path, name: str, **keys: Any) -> list[Path]:
    """Return the files of a room, one for each object, in alphabetical order."""
    area, number, room = name.split("_", 2)
    folder = require(root / f"{area}_{number}" / room / "Annotations", f"scene {name}")
    files = entries(folder, "*.txt")
    if not files:
        raise UserError(f"{folder}: holds no .txt file, expected one for each object of {name}; fetch the room again")
    return [file for file in files if not is_one_of(file, [COPY])] or files


def is_one_of(file: Path, places: Sequence[tuple[str, ...]]) -> bool:
    """Return whether a file is at one of some places in the release: area, room, Annotations, name."""
    return file.parts[-len(COPY) :] in places


def read_scene(root: Path, name: str, **keys: Any) -> Reading:
    """Read one room: coord (N, 3) float32 in metres, color (N, 3) uint8, label, instance (the number of the file)."""
    files = files_of_scene(root, name)
    labels = [label_of_file(file) for file in files]
    objects = [read_object(file) for file in files]
    copies = copies_among(labels, objects)
    notes = [f"{files[copy].name} has the points of {files[first].name}, left out" for copy, first in copies.items()]
    kept = [place for place in range(len(files)) if place not in copies]
    labels, objects = [labels[place] for place in kept], [objects[place] for place in kept]
    sizes = [len(points) for points in objects]
    points = np.concatenate(objects)  # (N, 6)
    coord, shift = recentre(points[:, :3], files[0].parent)
    scene = Scene(
        coord=coord,
        color=points[:, 3:].astype(np.uint8),
        label=np.repeat(np.array(labels, np.uint8), sizes),
        instance=np.repeat(np.arange(len(objects), dtype=np.int32), sizes),
    )
    return Reading(scene, {}, shift, notes=(*notes, *faults_of_release(files)))


def copies_among(labels: list[int], objects: list[np.ndarray]) -> dict[int, int]:
    """Return by position each object that has the points, (M, 6), of one before it of its class, and that one."""
    copies: dict[int, int] = {}
    alike: dict[tuple[int, int], list[int]] = {}
    for place, (label, points) in enumerate(zip(labels, objects)):
        others = alike.setdefault((label, len(points)), [])
        first = next((other for other in others if np.array_equal(objects[other], points)), None)
        if first is None:
            others.append(place)
        else:
            copies[place] = first
    return copies


def faults_of_release(files: list[Path]) -> list[str]:
    """Return a note on each known fault of the release that is mended in the files of a room."""
    notes = []
    for file in files:
        stray = sorted(set(file.read_bytes()) & set(STRAY)) if is_one_of(file, STRAY_FILES) else []
        notes += [
            f"In {file.name} the release's stray byte {byte:#04x} is read as {chr(byte | 0x20)!r}" for byte in stray
        ]
    copy = files[0].with_name(COPY[-1])
    if is_one_of(copy, [COPY]) and copy.exists():
        notes.append(f"{copy.name}, a copy that the release has of an object, is left out")
    return notes


def label_of_file(file: Path) -> int:
    """Return the class index of an object by the name of its file."""
    name = file.stem.split("_")[0]
    if name not in CLASS_OF_NAME:
        raise UserError(
            f"{file}: is named after {name!r}{nearest(name, list(CLASS_OF_NAME))}, expected <class>_<number>.txt "
            f"with one of {', '.join(CLASS_OF_NAME)}; rename the file or add the name to the map"
        )
    return CLASSES.index(CLASS_OF_NAME[name])


def read_object(file: Path) -> np.ndarray:
    """Read the points of an object: (M, 6) float64 x, y, z, red, green, blue."""
    text = file.read_bytes()
    if is_one_of(file, STRAY_FILES):
        text = text.translate(WITH_LOST_BIT)
    lines = text.rstrip().split(b"\n")
    if lines == [b""]:
        raise UserError(f"{file}: holds no point, expected at least one; remove the file or fetch it again")
    points = points_of_lines(lines)
    if points is None:
        place = first_bad_line(lines)
        found = lines[place][:80].decode("ascii", "replace")
        raise UserError(
            f"{file}: line {place + 1} is {found!r}, expected x y z r g b, {COLUMNS} numbers: finite metres and "
            f"whole colours in 0..255; correct the line or fetch the file again"
        )
    return points


def points_of_lines(lines: list[bytes]) -> np.ndarray | None:
    """Parse lines as points, None where one is invalid: (M, 6) float64."""
    if any(len(line.split()) != COLUMNS for line in lines):
        return None
    with warnings.catch_warnings():
        # numpy 1.21 warns where later versions raise, and returns the numbers before the invalid text.
        warnings.simplefilter("error", DeprecationWarning)
        try:
            values = np.fromstring(b"\n".join(lines), sep=" ")
        except (ValueError, DeprecationWarning):
            return None
    if len(values) != COLUMNS * len(lines):  # `1-2` has been read as two numbers
        return None
    points = values.reshape(-1, COLUMNS)  # (M, 6)
    coord, color = points[:, :3], points[:, 3:]
    finite = np.isfinite(coord)
    in_range = (color >= 0) & (color <= 255) & (color == np.floor(color))
    return points if finite.all() and in_range.all() else None


def first_bad_line(lines: list[bytes]) -> int:
    """Return the index of the first invalid line, by bisection; at least one must be invalid."""
    first, end = 0, len(lines)
    while end - first > 1:
        middle = (first + end) // 2
        if points_of_lines(lines[first:middle]) is None:
            end = middle
        else:
            first = middle
    return first
