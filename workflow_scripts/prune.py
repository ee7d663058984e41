"""List the results that no table of config.yaml and experiments/ reaches and what room they take, or delete them."""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
from pathlib import Path
from typing import Iterator

from openworld3d.errors import run_command
from openworld3d.provenance.records import DAMAGED
from openworld3d.workflow.keys import PATTERN

RESULTS = Path("results")


def main() -> None:
    """Read the arguments, list what is not reached by how much room it takes, and delete it where that is meant."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reached", type=Path, required=True, help="JSON: folders that are reached, places to keep")
    parser.add_argument("--really", action="store_true", help="delete what is listed")
    arguments = parser.parse_args()
    reached = json.loads(arguments.reached.read_text(encoding="utf-8"))
    kept = tuple(f"{place}/" for place in reached["kept"])
    found = {path: size_of(path) for path in unreached(set(reached["folders"])) if not str(path).startswith(kept)}
    for path, size in sorted(found.items(), key=lambda pair: (-pair[1], pair[0])):
        print(f"{shown_size(size):>9}  {path}")
        if arguments.really:
            remove(path)
    for place in filter(os.path.exists, reached["kept"]):
        print(f"{place}: kept: its raw files are missing, so it is unknown which of its results are still in use")
    what = "deleted" if arguments.really else "would be deleted by snakemake prune --config really=true"
    print(f"{shown_size(sum(found.values()))} in {len(found)} results that no table reaches: {what}")
    if arguments.really:
        remove_dangling_links()


def unreached(reached: set[str]) -> Iterator[Path]:
    """Yield the folders of keys that are not reached, and what was set aside as damaged."""
    holding = {
        str(parent) for folder in reached for parent in Path(folder).parents
    }  # a recipe's name may look like a key
    for parent, folders, files in os.walk(RESULTS):
        for name in [*folders, *files]:
            path = Path(parent, name)
            of_key = re.fullmatch(PATTERN, name) and path.is_dir() and str(path) not in reached | holding
            if not path.is_symlink() and (of_key or name.endswith(DAMAGED)):
                yield path
                if name in folders:
                    folders.remove(name)


def size_of(path: Path) -> int:
    """Return the bytes of a file, or of all files of a folder, of those in several places a part."""
    files = [path] if not path.is_dir() else [file for file in path.rglob("*") if file.is_file()]
    states = [file.stat() for file in files if not file.is_symlink()]
    return sum(state.st_size // state.st_nlink for state in states)


def shown_size(size: float) -> str:
    """Return a size as people read it."""
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"


def remove(path: Path) -> None:
    """Remove a file or a folder."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


def remove_dangling_links() -> None:
    """Remove the links whose results are gone."""
    for parent, folders, files in os.walk(RESULTS):
        for name in [*folders, *files]:
            path = Path(parent, name)
            if path.is_symlink() and not path.exists():
                path.unlink()


if __name__ == "__main__":
    run_command(main)
