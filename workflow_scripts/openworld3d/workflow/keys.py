"""Results belong to the history that Snakemake keeps of them: what made them, and who is making some now.

A random name stands in both folders. Where it differs, results came without their history, or another checkout makes
results in the same folder: nobody could tell then whether a file is of this config, and the two would delete each
other's files, as the locks lie in the history too.
"""

from __future__ import annotations

import uuid
from pathlib import Path

from openworld3d.errors import UserError

RESULTS = Path("results/.history")
HISTORY = Path(".snakemake/results")


def refuse_other_history() -> None:
    """Raise UserError where `results` has a history that is not the one in `.snakemake`."""
    if RESULTS.exists() and read(RESULTS) != read(HISTORY):
        raise UserError(
            "results was made under another .snakemake, which knows from what, and who is making more: copy or link "
            f".snakemake along with results, or delete {RESULTS} to take all that is there for results of this config"
        )


def join_history() -> None:
    """Give results and their history a common name where they have none."""
    if not RESULTS.exists():
        name = uuid.uuid4().hex
        for path in (HISTORY, RESULTS):
            path.parent.mkdir(exist_ok=True)
            path.write_text(f"{name}\n")


def read(path: Path) -> str:
    """Return the name that stands in a folder, nothing where there is none."""
    return path.read_text() if path.exists() else ""
