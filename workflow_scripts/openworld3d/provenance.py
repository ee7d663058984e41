"""Where a result comes from: what each job read, with which code and software, and the jobs behind a file."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any, Iterator

from openworld3d.files import sha256_of, sha256_of_text
from openworld3d.journal import JOURNAL, read_journal

CODE = "workflow_scripts"
SUFFIX = ".provenance.json"
# Files that stand for the folder they lie in.
MANIFESTS = ("manifest.json", "colours.json")


def record_file(output: str) -> str:
    """Return where the record of the job that makes a file or folder lies: beside it, or beside its folder."""
    path = Path(output)
    return str(path.parent if path.name in MANIFESTS else path.with_suffix("")) + SUFFIX


def sha256_of_input(path: Path) -> str:
    """Return the SHA-256 of a file, or of the names and SHA-256 of all files of a folder."""
    if path.is_file():
        return sha256_of(path)
    files = sorted(file for file in path.rglob("*") if file.is_file())
    return sha256_of_text("".join(f"{file.relative_to(path)} {sha256_of(file)}\n" for file in files))


def code_state() -> dict[str, Any]:
    """Return the commit of the code and the tracked files that differ from it; None where git cannot tell."""
    commit, changed = git("rev-parse", "HEAD"), git("status", "--porcelain", "--untracked-files=no")
    return {"commit": commit, "changed": None if changed is None else [line[3:] for line in changed.splitlines()]}


def git(*arguments: str) -> str | None:
    """Return what git answers, None where it cannot."""
    try:
        done = subprocess.run(["git", *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    except OSError:
        return None
    return done.stdout.rstrip() if done.returncode == 0 else None


def chain(result: str) -> Iterator[dict[str, Any]]:
    """Yield the records of the job that made a result and of all jobs behind it, each once, the last job first."""
    waiting, seen = [result], set()
    while waiting:
        file = Path(record_file(waiting.pop(0)))
        if file in seen or not file.exists():
            continue
        seen.add(file)
        record = json.loads(file.read_text())
        yield record
        waiting += [path for path in record["inputs"] if not path.startswith(f"{CODE}/")]


def raw_files(record: dict[str, Any]) -> dict[str, dict[str, str]]:
    """Return the SHA-256 of the raw files that a job read, by the journal that lists them; empty for most jobs."""
    folders = [Path(output).parent for output in record["outputs"] if Path(output).name == "manifest.json"]
    journals = {str(folder / JOURNAL): read_journal(folder) for folder in folders}
    return {
        path: {raw: sha for line in lines for raw, sha in line["raw"].items()}
        for path, lines in journals.items()
        if lines
    }


def changed_since(record: dict[str, Any]) -> list[str]:
    """Return the inputs that are not what they were when the job read them."""
    return [
        path
        for path, digest in record["inputs"].items()
        if not Path(path).exists() or sha256_of_input(Path(path)) != digest
    ]
