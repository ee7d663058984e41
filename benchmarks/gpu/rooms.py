"""Make the scenes of the other parts: generated rooms as large as S3DIS, ScanNet and the default experiment need."""

from __future__ import annotations

import os
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Iterator, NamedTuple

import numpy as np

from benchmarks.gpu.rows import Row, Setting
from openworld3d.datasets.scannet import CLASSES
from openworld3d.generators.rooms.generation import generate_room
from openworld3d.processes import die_with_parent
from openworld3d.scenes.scene import VOID, Scene, save_scene


class Task(NamedTuple):
    """A scene to make: the number of rooms side by side, of a split, and the metres between their points."""

    path: Path
    split: int
    first: int
    rooms: int
    spacing: float


def run(setting: Setting) -> Iterator[Row]:
    """Make all scenes, on all cores."""
    dense, coarse = setting.pick((0.025, 0.014), (0.06, 0.06))
    scenes, rooms, train, evaluation = setting.pick((4, 2, 40, 5), (1, 1, 2, 1))
    kinds = {
        "s3dis": [(0, number * rooms, rooms, dense) for number in range(scenes)],
        "scannet": [(0, number, 1, coarse) for number in range(scenes)],
        "train": [(0, number, 1, setting.pick(0.03, 0.06)) for number in range(train)],
        "val": [(1, number, 1, setting.pick(0.03, 0.06)) for number in range(evaluation)],
    }
    tasks = []
    for kind, scenes_of_kind in kinds.items():
        (setting.folder / kind).mkdir()
        tasks += [Task(setting.folder / kind / f"{n:02}.npz", *scene) for n, scene in enumerate(scenes_of_kind)]
    tasks.sort(key=lambda task: task.spacing / task.rooms)  # the longest first
    began = time.perf_counter()
    with ProcessPoolExecutor(len(os.sched_getaffinity(0)), initializer=die_with_parent) as pool:
        points = dict(zip([task.path for task in tasks], pool.map(make, tasks)))
    seconds = time.perf_counter() - began
    for kind, scenes_of_kind in kinds.items():
        of_kind = [count for path, count in points.items() if path.parent.name == kind]
        yield {
            "scenes": kind,
            "number": len(scenes_of_kind),
            "points": sum(of_kind),
            "seconds for all kinds": seconds,
        }


def make(task: Task) -> int:
    """Make one scene; return its number of points."""
    parts: list[Scene] = []
    right = 0.0
    for index in range(task.first, task.first + task.rooms):
        room = generate_room(0, task.split, index, task.spacing)
        coord = room.coord - room.coord.min(0) + np.array([right, 0, 0], np.float32)
        right = float(coord[:, 0].max()) + 1
        kinds = [CLASSES.index(kind) if kind in CLASSES else VOID for kind, _ in room.objects]
        label = np.array(kinds, np.uint8)[room.object_id]
        parts.append(Scene(coord, label, room.object_id.astype(np.int32), room.color))
    color = np.concatenate([part.color for part in parts if part.color is not None])
    coord, label, instance = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("coord", "label", "instance")
    )
    save_scene(task.path, Scene(coord, label, instance, color))
    return len(coord)
