"""The journal of prepared scenes, one line each, from which an interrupted run resumes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, Iterable

from openworld3d.files import canonical_json, sha256_of_text, write_text

JOURNAL = "journal.jsonl"
# made_with: the SHA-256 of code and keys; raw: that of each raw file; scene: its entry of the manifest.
FIELDS = {"name", "made_with", "raw", "scene"}
# The SHA-256 of the rest of a line: its scene's entry goes into manifests, and must not be damaged.
WHOLE = "whole"
Line = Dict[str, Any]


def read_journal(folder: Path) -> list[Line]:
    """Return the intact lines of a folder's journal; a killed run may leave a damaged one."""
    path = folder / JOURNAL
    lines = path.read_bytes().split(b"\n") if path.exists() else []
    return [line for line in map(line_of, lines) if line is not None]


def line_of(text: bytes) -> Line | None:
    """Parse a line; None where it is truncated or damaged, so that its scene is prepared again."""
    try:
        line = json.loads(text)
    except ValueError:
        return None
    if not isinstance(line, dict) or line.pop(WHOLE, None) != digest_of(line) or line.keys() != FIELDS:
        return None
    return line


def digest_of(line: Line) -> str:
    """Return the SHA-256 of a line."""
    return sha256_of_text(canonical_json(line))


def text_of(line: Line) -> str:
    """Serialise a line."""
    return canonical_json({**line, WHOLE: digest_of(line)}) + "\n"


def add_line(folder: Path, line: Line) -> None:
    """Append the line of a prepared scene."""
    with open(folder / JOURNAL, "a", encoding="utf-8") as file:
        file.write(text_of(line))


def write_journal(folder: Path, lines: Iterable[Line]) -> None:
    """Replace the journal."""
    write_text(folder / JOURNAL, "".join(map(text_of, lines)))
