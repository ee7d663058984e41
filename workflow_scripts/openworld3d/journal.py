"""What was prepared so far, a line for each scene, so that a run that was cut short goes on where it stopped."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, Iterable

from openworld3d.files import canonical_json, whole_file

JOURNAL = "journal.jsonl"
# name; made_with, the SHA-256 of code and keys; raw, that of each raw file; scene, what the manifest says of it.
Line = Dict[str, Any]


def read_journal(folder: Path) -> list[Line]:
    """Return the lines of a folder's journal; the last one may have been cut off in the middle."""
    path = folder / JOURNAL
    lines = path.read_text().splitlines(keepends=True) if path.exists() else []
    return [json.loads(line) for line in lines if line.endswith("\n")]


def add_line(folder: Path, line: Line) -> None:
    """Add a scene that was prepared."""
    with open(folder / JOURNAL, "a") as file:
        file.write(canonical_json(line) + "\n")


def write_journal(folder: Path, lines: Iterable[Line]) -> None:
    """Replace the journal."""
    with whole_file(folder / JOURNAL) as temporary:
        temporary.write_text("".join(canonical_json(line) + "\n" for line in lines))
