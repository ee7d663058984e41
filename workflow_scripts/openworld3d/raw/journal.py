"""What was prepared so far, a line for each scene, so that a run that was cut short goes on where it stopped."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, Iterable

from openworld3d.files import canonical_json, sha256_of_text, whole_file

JOURNAL = "journal.jsonl"
# made_with: the SHA-256 of code and keys; raw: that of each raw file; scene: what the manifest says of it.
FIELDS = {"name", "made_with", "raw", "scene"}
# Of a line, beside them: the SHA-256 of the rest, as what a line says of a scene goes into manifests.
WHOLE = "whole"
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
    if not isinstance(line, dict) or line.pop(WHOLE, None) != digest_of(line) or line.keys() != FIELDS:
        return None
    return line


def digest_of(line: Line) -> str:
    """Return the SHA-256 of what a line says."""
    return sha256_of_text(canonical_json(line))


def text_of(line: Line) -> str:
    """Return a line as it is written."""
    return canonical_json({**line, WHOLE: digest_of(line)}) + "\n"


def add_line(folder: Path, line: Line) -> None:
    """Add a scene that was prepared."""
    with open(folder / JOURNAL, "a") as file:
        file.write(text_of(line))


def write_journal(folder: Path, lines: Iterable[Line]) -> None:
    """Replace the journal."""
    with whole_file(folder / JOURNAL) as temporary:
        temporary.write_text("".join(map(text_of, lines)))
