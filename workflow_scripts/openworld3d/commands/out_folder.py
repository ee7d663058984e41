"""The folder that a command writes, in place of one that an earlier call wrote."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Mapping

from openworld3d.errors import UserError


def check_out(out: Path, legend: str, inputs: Mapping[str, Path]) -> None:
    """Raise UserError where replacing a folder would delete what no earlier call wrote, or it lies in an input.

    legend: its file that lists the others, each with its number of points, as `points`; inputs: folders by option.
    """
    target, here = out.resolve(), Path.cwd()
    for option, folder in inputs.items():
        source = folder.resolve()
        if source in (target, *target.parents):
            raise UserError(f"{out}: lies in {folder}, the folder of {option}; give another as --out")
        if target in source.parents:
            raise UserError(f"{out}: would be replaced, but {folder} of {option} lies in it; give another as --out")
    if target in (here, *here.parents):
        raise UserError(f"{out}: would be replaced, but is or holds the working directory; give another as --out")
    if not out.exists():
        return
    if not out.is_dir():
        raise UserError(f"{out}: is a file, expected a folder; give another as --out")
    # Links to folders are files here: they are not followed.
    found = {file.relative_to(out).as_posix() for file in out.rglob("*") if file.is_symlink() or not file.is_dir()}
    others = found - listed(out / legend)
    if others:
        raise UserError(
            f"{out}: would be replaced, but holds {min(others)}, which no {legend} in it lists; give a new folder as "
            "--out, or move that away"
        )


def listed(legend: Path) -> set[str]:
    """Return the files that a legend lists, with itself; none where it is none."""
    try:
        points: Any = json.loads(legend.read_text(encoding="utf-8"))["points"]
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return set()
    return {legend.name, *points} if isinstance(points, dict) else set()
