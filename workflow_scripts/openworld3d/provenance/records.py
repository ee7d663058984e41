"""Records: beside each result what it was made from and its digests, so that a reader can verify it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any, Dict, Iterator

from openworld3d.errors import UserError
from openworld3d.files import canonical_json, sha256_of, sha256_of_text, write_json
from openworld3d.raw.journal import JOURNAL, read_journal

SUFFIX = ".provenance.json"
# Files that stand for the folder they lie in.
MANIFESTS = ("manifest.json", "colours.json")
DAMAGED = ".damaged"
NOTE = ".slurm"  # beside a record, while its job runs: which job of Slurm it is
Record = Dict[str, Any]


def record_file(output: str) -> str:
    """Return where the record of the job that makes a file or folder lies: beside it, or beside its folder.

    output: its path below the folder of its key, in which the record lies too.
    """
    path = Path(output)
    stands_for_folder = path.name in MANIFESTS and path.parent != Path()
    return str(path.parent if stands_for_folder else path.with_suffix("")) + SUFFIX


def stamp(file: Path) -> list[int]:
    """Return a file's size and its times of change, in nanoseconds: of the two, the second cannot be set by hand."""
    state = file.stat()
    return [state.st_size, state.st_mtime_ns, state.st_ctime_ns]


def describe(path: Path) -> Record:
    """Return what a record says of an output: its SHA-256, and stamp and SHA-256 of the files that it stands for."""
    digests = listed_digests(path)
    files = {
        str(file.relative_to(folder_of(path))): {"stamp": stamp(file), "sha256": digests.get(file) or sha256_of(file)}
        for file in files_behind(path)
    }
    return {"sha256": None if path.is_dir() else sha256_of(path), "files": files}


def folder_of(path: Path) -> Path:
    """Return the folder that an output is or stands for."""
    return path if path.is_dir() else path.parent


def files_behind(path: Path) -> list[Path]:
    """Return the files that an output stands for: those of a folder, or beside a manifest; none for other files."""
    if not path.is_dir() and path.name not in MANIFESTS:
        return []
    files = sorted(file for file in folder_of(path).rglob("*") if file.is_file())
    passing = (JOURNAL, SUFFIX, DAMAGED, NOTE)
    return [
        file for file in files if file != path and not file.name.startswith(".") and not file.name.endswith(passing)
    ]


def listed_digests(path: Path) -> dict[Path, str]:
    """Return the SHA-256 of files that the job itself noted in a manifest."""
    if path.name != "manifest.json":
        return {}
    scenes = json.loads(path.read_text(encoding="utf-8")).get("scenes", [])
    return {path.with_name(f"{scene['name']}.npz"): scene["sha256"] for scene in scenes if "sha256" in scene}


def wrong_file(path: Path, record: Path) -> Path | None:
    """Return the first file of a result that is not what its record says, the record where that is gone; else None.

    A file whose stamp is as recorded is not read; of one that was copied and is the same, the record gets the stamp.
    """
    try:
        recorded = json.loads(record.read_text(encoding="utf-8"))
        said = recorded["outputs"][str(path)]
        digest = said["sha256"]
        files = {name: (file["stamp"], file["sha256"]) for name, file in said["files"].items()}
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return record
    if path.is_dir() != (digest is None) or (digest is not None and not is_file_of(path, digest)):
        return path
    moved = False
    for name, (seen, sha256) in files.items():
        place = folder_of(path) / name
        if not place.is_file():
            return place
        if stamp(place) != seen:
            if sha256_of(place) != sha256:
                return place
            said["files"][name]["stamp"], moved = stamp(place), True
    if moved:
        with suppress(OSError):  # somebody else's results, which may be read and not written
            write_json(record, recorded)
    return None


def is_file_of(path: Path, digest: str) -> bool:
    """Tell whether a file is there with the bytes of a SHA-256."""
    return path.is_file() and sha256_of(path) == digest


def set_aside(path: Path) -> None:
    """Move a damaged output aside, so that it is made again; an earlier one that was set aside is removed."""
    aside = path.with_name(path.name + DAMAGED)
    if aside.is_dir():
        shutil.rmtree(aside)
    else:
        aside.unlink(missing_ok=True)
    with suppress(FileNotFoundError):  # another job found it damaged too
        os.replace(path, aside)


def checked(path: Path, record: Path) -> tuple[str, str]:
    """Return an input and its digest; raises UserError where it is not what was made and recorded."""
    wrong = wrong_file(path, record)
    if wrong == record and not record.exists():
        raise UserError(f"{path}: nothing says how it was made, as {record} is not there; run again to make both")
    if wrong is not None:
        found = "is not what was made and recorded" if wrong.exists() else "is not there any more"
        aside = f"{path} was set aside as {path.name}{DAMAGED}: " if path.exists() else ""
        set_aside(path)
        raise UserError(f"{wrong}: {found}; {aside}run again to make it anew")
    return str(path), digest_of_output(path, record)


def digest_of_output(path: Path, record: Path) -> str:
    """Return the SHA-256 of a file, or of the names and SHA-256 of all files of a folder, as its record has them."""
    if not path.is_dir():
        return sha256_of(path)
    files = json.loads(record.read_text(encoding="utf-8"))["outputs"][str(path)]["files"]
    return sha256_of_text(canonical_json({name: file["sha256"] for name, file in files.items()}))


def code_state() -> dict[str, Any]:
    """Return the commit of the code and the tracked files that differ from it; None where git cannot tell."""
    commit, changed = git("rev-parse", "HEAD"), git("status", "--porcelain", "--untracked-files=no")
    return {"commit": commit, "changed": None if changed is None else [line[3:] for line in changed.splitlines()]}


def git(*arguments: str) -> str | None:
    """Return what git answers, None where it cannot."""
    try:
        done = subprocess.run(
            ["git", *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, encoding="utf-8", errors="replace"
        )
    except OSError:
        return None
    return done.stdout.rstrip() if done.returncode == 0 else None


def chain(record: str, root: Path = Path()) -> Iterator[Record]:
    """Yield the record of a job and those of all jobs behind it, each once, the last job first.

    root: the folder that records name one another from.
    """
    waiting, seen = [record], set()
    while waiting:
        file = root / waiting.pop(0)
        if file in seen or not file.exists():
            continue
        seen.add(file)
        try:
            found = json.loads(file.read_text(encoding="utf-8"))
            waiting += found["records"]
        except (ValueError, LookupError, TypeError):
            raise UserError(
                f"{file}: it cannot be read; delete it and run again, and its result is made anew"
            ) from None
        yield found


def raw_files(record: Record) -> dict[str, dict[str, str]]:
    """Return the SHA-256 of the raw files that a job read, by the journal that lists them; empty for most jobs."""
    folders = [Path(output).parent for output in record["outputs"] if Path(output).name == "manifest.json"]
    journals = {str(folder / JOURNAL): read_journal(folder) for folder in folders}
    return {
        path: {raw: sha for line in lines for raw, sha in line["raw"].items()}
        for path, lines in journals.items()
        if lines
    }


def changed_since(record: Record) -> list[str]:
    """Return the inputs and files of code that are not what they were when the job read them."""
    return [path for path, digest in {**record["inputs"], **record["code"]}.items() if digest_now(path) != digest]


def digest_now(path: str) -> str | None:
    """Return the digest of a file or folder that a job has read, None where it is gone."""
    try:
        return digest_of_output(Path(path), Path(record_file(path)))
    except (OSError, ValueError, LookupError):
        return None
