"""Raw scans of one split to scenes, each checked, and a manifest of what they hold.

A scene that is there already is kept where code, keys and its raw files are what they were.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path
from typing import Any

from openworld3d.errors import UserError, run_command
from openworld3d.files import write_json
from openworld3d.journal import add_line, read_journal, write_journal
from openworld3d.plugins import load
from openworld3d.preparation import Task, how_scenes_are_made, prepare_scenes


def main() -> None:
    """Read the arguments; write the scenes, the journal as they get ready, and in the end the manifest."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--config", type=json.loads, required=True, help="JSON: dataset, layout, root, split, classes, keys"
    )
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True, help="manifest.json, the scenes beside it")
    arguments = parser.parse_args()
    config, folder = arguments.config, arguments.out.parent
    names = scene_names(config)
    # Until all scenes are there nothing shall read some of them.
    arguments.out.unlink(missing_ok=True)
    folder.mkdir(parents=True, exist_ok=True)
    before = {line["name"]: line for line in read_journal(folder)}
    write_journal(folder, before.values())
    made_with = how_scenes_are_made(config)
    tasks = [Task(config, name, folder / f"{name}.npz", made_with, before.get(name, {})) for name in names]
    lines = {}
    for line in prepare_scenes(tasks, arguments.workers):
        lines[line["name"]] = line
        add_line(folder, line)
    write_journal(folder, [lines[name] for name in names])
    for file in set(folder.glob("*.npz")) - {task.file for task in tasks}:
        file.unlink()
    scenes = [lines[name]["scene"] for name in names]
    manifest = {key: config[key] for key in ("dataset", "split", "classes")}
    write_json(arguments.out, {**manifest, "scenes": scenes})
    kept = sum(lines[name] == before.get(name) for name in names)
    print(f"{len(scenes)} scenes, {sum(scene['points'] for scene in scenes)} points; {kept} were there already")


def scene_names(config: dict[str, Any]) -> list[str]:
    """Return the names of a split's scenes, each once."""
    root = Path(config["root"])
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
