"""Raw scans of one split to scenes, each checked, and a manifest of what they hold.

A scene that is there already, here or in a folder beside this one, is kept where code, keys and its raw files are
what they were.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path
from typing import Any

from openworld3d.errors import UserError, run_command
from openworld3d.files import write_json
from openworld3d.plugins import load
from openworld3d.raw.journal import JOURNAL, Line, add_line, read_journal, write_journal
from openworld3d.raw.prepare import Task, how_scenes_are_made, prepare_scenes


def main() -> None:
    """Read the arguments; write the scenes, the journal as they get ready, and in the end the manifest."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--config", type=json.loads, required=True, help="JSON: dataset, layout, split, classes, keys"
    )
    parser.add_argument("--raw", type=Path, required=True, help="the folder of the raw scans")
    parser.add_argument("--code", required=True, help="a digest of the code, which other code must not share")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True, help="manifest.json, the scenes beside it")
    arguments = parser.parse_args()
    config, folder = arguments.config, arguments.out.parent
    names = scene_names(config, arguments.raw)
    # Until all scenes are there nothing shall read some of them.
    arguments.out.unlink(missing_ok=True)
    folder.mkdir(parents=True, exist_ok=True)
    write_journal(folder, read_journal(folder))
    before = scenes_before(folder)
    made_with = how_scenes_are_made(config, arguments.code)
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
    manifest = {key: config[key] for key in ("dataset", "split", "classes")}
    write_json(arguments.out, {**manifest, "scenes": scenes})
    kept = sum(lines[name] in (line for _, line in before.get(name, [])) for name in names)
    print(f"{len(scenes)} scenes, {sum(scene['points'] for scene in scenes)} points; {kept} were there already")


def scenes_before(folder: Path) -> dict[str, list[tuple[Path, Line]]]:
    """Return where each scene may lie already, and the line of its journal: in a folder, or one beside it."""
    found: dict[str, list[tuple[Path, Line]]] = {}
    beside = sorted(
        journal.parent for journal in folder.parent.glob(f"*/{JOURNAL}") if not journal.parent.is_symlink()
    )
    for place in [folder, *(other for other in beside if other != folder)]:
        for line in read_journal(place):
            found.setdefault(line["name"], []).append((place, line))
    return found


def scene_names(config: dict[str, Any], root: Path) -> list[str]:
    """Return the names of a split's scenes, each once."""
    if not root.is_dir():
        raise UserError(f"{root}: is not a folder; set datasets.{config['dataset']}.root to where the raw scans are")
    names = load("datasets", config["layout"]).scenes_of_split(root, config["split"], **config["keys"])
    twins = sorted(name for name, count in Counter(names).items() if count > 1)
    if twins:
        raise UserError(
            f"{root}: split {config['split']} has scene {twins[0]} twice, expected each name once; rename a file, or "
            "take a line out of the split's list"
        )
    return names


if __name__ == "__main__":
    run_command(main)
