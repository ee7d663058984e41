"""Prepare scenes from raw scans in parallel, reusing those that would come out the same."""

from __future__ import annotations

import os
import shutil
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterator, NamedTuple

from openworld3d.errors import UserError
from openworld3d.files import canonical_json, sha256_of, sha256_of_text, whole_file
from openworld3d.plugins import load
from openworld3d.processes import die_with_parent
from openworld3d.raw.journal import Line
from openworld3d.scenes.scene import describe, digest_of_points, save_scene


@dataclass(frozen=True)
class SplitConfig:
    """A split of a dataset; keys: those that the module of its layout declares, with their values."""

    dataset: str
    layout: str
    split: str
    classes: list[str]
    keys: dict[str, Any]


class Task(NamedTuple):
    """One scene to prepare.

    file: where it goes; made_with: the digest of all but its raw files; before: folders that may hold it already,
    each with its journal's line of the scene.
    """

    config: SplitConfig
    root: Path
    name: str
    file: Path
    made_with: str
    before: list[tuple[Path, Line]]


def prepare_scenes(tasks: list[Task], workers: int) -> Iterator[Line]:
    """Yield each scene's line as the scene gets ready; an error, or Ctrl-C, cancels the scenes not yet begun."""
    with ProcessPoolExecutor(workers, initializer=die_with_parent) as pool:
        task_of = {pool.submit(prepare_scene, task): task for task in tasks}
        try:
            for future in as_completed(task_of):
                yield future.result()
        except BrokenProcessPool as error:
            raise UserError(
                f"scene {task_of[future].name}: a process that read this scene or another one was killed; give the "
                "job more memory or fewer threads, or look for a damaged file, and run again"
            ) from error
        finally:
            for waiting in task_of:
                waiting.cancel()


def prepare_scene(task: Task) -> Line:
    """Read and write one scene unless it is there already; return its line of the journal."""
    dataset, root = load("datasets", task.config.layout), task.root
    files = dataset.files_of_scene(root, task.name, **task.config.keys)
    raw = {str(path.relative_to(root)): sha256_of(path) for path in files}
    for folder, line in task.before:
        if is_made(task, folder / task.file.name, line, raw):
            bring(folder / task.file.name, task.file)
            return line
    reading = dataset.read_scene(root, task.name, **task.config.keys)
    save_scene(task.file, reading.scene)
    scene = {
        "name": task.name,
        "sha256": sha256_of(task.file),
        "points_sha256": digest_of_points(reading.scene.coord),
        **describe(reading.scene, task.config.classes),
        "void_ids": reading.void_ids,
        "shift": list(reading.shift),
        "resolution": reading.resolution,
        "brightness": {name: brightness._asdict() for name, brightness in reading.brightness.items()},
        "notes": list(reading.notes),
    }
    return {"name": task.name, "made_with": task.made_with, "raw": raw, "scene": scene}


def is_made(task: Task, file: Path, line: Line, raw: dict[str, str]) -> bool:
    """Return whether a file is the scene that the same code made of the same raw files."""
    same = line["made_with"] == task.made_with and line["raw"] == raw
    return same and file.exists() and sha256_of(file) == line["scene"]["sha256"]


def bring(file: Path, place: Path) -> None:
    """Hard-link a file to another place, or copy it where the file system does not link."""
    if file == place:
        return
    with whole_file(place) as temporary:
        try:
            os.link(file, temporary)
        except OSError:
            shutil.copyfile(file, temporary)


def digest_of(config: SplitConfig, code: str) -> str:
    """Return the SHA-256 of what scenes depend on besides their raw files: the digest of the code, and the keys.

    Without the patterns of splits, which say which scenes there are and not what is in them.
    """
    keys = {name: value for name, value in config.keys.items() if name != "splits"}
    return sha256_of_text(canonical_json([config.layout, config.classes, keys, code]))
