"""Prepare the raw scans of one split: check each, write its scene, and list the scenes in a manifest.

A scene already in the output's folder, or in a folder beside it, is reused where its code, keys and raw files are the
same.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter
from pathlib import Path

from openworld3d.errors import UserError, run_command
from openworld3d.files import write_json
from openworld3d.plugins import load
from openworld3d.raw.journal import JOURNAL, Line, add_line, read_journal, write_journal
from openworld3d.raw.prepare import SplitConfig, Task, digest_of, prepare_scenes

# A slash, a control character, half of a surrogate in place of a byte that is no UTF-8, or a point first.
NO_NAME = re.compile(r"^\.|[/\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def main() -> None:
    """Write the scenes, their lines of the journal as they get ready, and at the end the manifest."""
    parser = argparse.ArgumentParser(description=__doc__, fromfile_prefix_chars="@")
    parser.add_argument(
        "--config", type=json.loads, required=True, help="JSON: dataset, layout, split, classes, keys"
    )
    parser.add_argument("--raw", type=Path, required=True, help="the folder of the raw scans")
    parser.add_argument("--code", required=True, help="a digest of the code and environment")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True, help="manifest.json, the scenes beside it")
    arguments = parser.parse_args()
    config, folder = SplitConfig(**arguments.config), arguments.out.parent
    names = scene_names(config, arguments.raw)
    # No job may read the folder until all scenes are there.
    arguments.out.unlink(missing_ok=True)
    folder.mkdir(parents=True, exist_ok=True)
    write_journal(folder, read_journal(folder))
    before = scenes_before(folder)
    made_with = digest_of(config, arguments.code)
    tasks = [
        Task(config, arguments.raw, name, folder / f"{name}.npz", made_with, before.get(name, [])) for name in names
    ]
    lines = {}
    for line in prepare_scenes(tasks, arguments.workers):
        lines[line["name"]] = line
        add_line(folder, line)
    write_journal(folder, [lines[name] for name in names])
    for file in set(folder.glob("[!.]*.npz")) - {task.file for task in tasks}:
        file.unlink()
    scenes = [lines[name]["scene"] for name in names]
    manifest = {"dataset": config.dataset, "split": config.split, "classes": config.classes, "scenes": scenes}
    write_json(arguments.out, manifest)
    kept = sum(lines[name] in (line for _, line in before.get(name, [])) for name in names)
    print(f"{len(scenes)} scenes, {sum(scene['points'] for scene in scenes)} points; {kept} were there already")


def scenes_before(folder: Path) -> dict[str, list[tuple[Path, Line]]]:
    """Return by scene the folders that may hold it, this one and those beside it, each with its journal's line."""
    found: dict[str, list[tuple[Path, Line]]] = {}
    beside = sorted(
        journal.parent for journal in folder.parent.glob(f"*/{JOURNAL}") if not journal.parent.is_symlink()
    )
    for place in [folder, *(other for other in beside if other != folder)]:
        for line in read_journal(place):
            found.setdefault(line["name"], []).append((place, line))
    return found


def scene_names(config: SplitConfig, root: Path) -> list[str]:
    """Return the names of a split's scenes; raises UserError where two share a name or one is no name of a file."""
    if not root.is_dir():
        raise UserError(f"{root}: is not a folder; set datasets.{config.dataset}.root to where the raw scans are")
    names = load("datasets", config.layout).scenes_of_split(root, config.split, **config.keys)
    strange = [name for name in names if NO_NAME.search(name)]
    if strange:
        raise UserError(
            f"{root}: split {config.split} has scene {strange[0]!r}, expected a name in UTF-8, without line "
            "breaks and no point first; rename its file, or leave it out of the split"
        )
    twins = sorted(name for name, count in Counter(names).items() if count > 1)
    if twins:
        raise UserError(
            f"{root}: split {config.split} has scene {twins[0]} twice, expected each name once; rename a file, or "
            "take a line out of the split's list"
        )
    return names


if __name__ == "__main__":
    run_command(main)
