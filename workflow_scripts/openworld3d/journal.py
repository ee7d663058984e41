"""What was prepared so far, a line for each scene, so that a run that was cut short goes on where it stopped."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, Iterable

from openworld3d.files import canonical_json, whole_file

JOURNAL = "journal.jsonl"
# made_with: the SHA-256 of code and keys; raw: that of each raw file; scene: what the manifest says of it.
FIELDS = {"name", "made_with", "raw", "scene"}
Line = Dict[str, Any]


def read_journal(folder: Path) -> list[Line]:
    """Return the lines of a folder's journal that are whole; a run that was killed may leave one that is not."""
    path = folder / JOURNAL
    lines = path.read_bytes().split(b"\n") if path.exists() else []
    return [line for line in map(line_of, lines) if line is not None]


def line_of(text: bytes) -> Line | None:
    """Return what a line says, None where it was cut short or damaged: its scene is made again."""
    try:
        line = json.loads(text)
    except ValueError:
        return None
    return line if isinstance(line, dict) and line.keys() == FIELDS else None


def add_line(folder: Path, line: Line) -> None:
    """Add a scene that was prepared."""
    with open(folder / JOURNAL, "a") as file:
        file.write(canonical_json(line) + "\n")


def write_journal(folder: Path, lines: Iterable[Line]) -> None:
    """Replace the journal."""
    with whole_file(folder / JOURNAL) as temporary:
        temporary.write_text("".join(canonical_json(line) + "\n" for line in lines))
