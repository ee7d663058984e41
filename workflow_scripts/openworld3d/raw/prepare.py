"""Raw scans to scenes, side by side; one that is there as it would become is kept."""

from __future__ import annotations

import os
import shutil
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any, Iterator, NamedTuple

from openworld3d.errors import UserError
from openworld3d.files import canonical_json, sha256_of, sha256_of_text
from openworld3d.plugins import load
from openworld3d.raw.journal import Line
from openworld3d.scenes.scene import describe, save_scene


class Task(NamedTuple):
    """A scene to prepare: how its files are read, where it goes, and the lines of journals where it may lie already.

    before: a folder and its line of the scene.
    """

    config: dict[str, Any]
    root: Path
    name: str
    file: Path
    made_with: str
    before: list[tuple[Path, Line]]


def prepare_scenes(tasks: list[Task], workers: int) -> Iterator[Line]:
    """Yield the line of each scene as it gets ready; a mistake in one, or Ctrl-C, stops those that have not begun."""
    with ProcessPoolExecutor(workers) as pool:
        task_of = {pool.submit(prepare_scene, task): task for task in tasks}
        try:
            for future in as_completed(task_of):
                yield future.result()
        except BrokenProcessPool as error:
            raise UserError(
                f"scene {task_of[future].name}: a process that read this scene or one beside it was killed; give "
                "the job more memory or fewer threads, or look for a damaged file, and run again"
            ) from error
        finally:
            for waiting in task_of:
                waiting.cancel()


def prepare_scene(task: Task) -> Line:
    """Read one raw scene and write it, if it is not there as it would become; return its line of the journal."""
    dataset, root = load("datasets", task.config["layout"]), task.root
    files = dataset.files_of_scene(root, task.name, **task.config["keys"])
    raw = {str(path.relative_to(root)): sha256_of(path) for path in files}
    for folder, line in task.before:
        if is_made(task, folder / task.file.name, line, raw):
            bring(folder / task.file.name, task.file)
            return line
    reading = dataset.read_scene(root, task.name, **task.config["keys"])
    save_scene(task.file, reading.scene)
    scene = {
        "name": task.name,
        "sha256": sha256_of(task.file),
        **describe(reading.scene, task.config["classes"]),
        "void_ids": reading.void_ids,
        "shift": list(reading.shift),
    }
    return {"name": task.name, "made_with": task.made_with, "raw": raw, "scene": scene}


def is_made(task: Task, file: Path, line: Line, raw: dict[str, str]) -> bool:
    """Tell whether a file is the scene that the same code made of the same raw files."""
    same = line["made_with"] == task.made_with and line["raw"] == raw
    return same and file.exists() and sha256_of(file) == line["scene"]["sha256"]


def bring(file: Path, place: Path) -> None:
    """Let a file lie in another place too, without taking room for a second one where the file system allows that."""
    if file == place:
        return
    place.unlink(missing_ok=True)
    try:
        os.link(file, place)
    except OSError:
        shutil.copyfile(file, place)


def how_scenes_are_made(config: dict[str, Any], code: str) -> str:
    """Return the SHA-256 of what scenes depend on beside their raw files: a digest of the code, and the keys."""
    keys = {name: value for name, value in config["keys"].items() if name != "splits"}
    return sha256_of_text(canonical_json([config["layout"], config["classes"], keys, code]))
