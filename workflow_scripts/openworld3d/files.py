"""Write files and folders atomically: whole or not at all. Text is UTF-8, whatever the machine's locale."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Iterator

from openworld3d.errors import UserError

ATTEMPTS = 10


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a temporary sibling that replaces `path` when the block ends without an error."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = temporary_sibling(path)
    try:
        with naming(path, temporary):
            yield temporary
            os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Yield a temporary sibling folder that replaces `path` when the block ends without an error."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = temporary_sibling(path)
    remove_folder(temporary)  # of a process with the same number that was killed, as in a container that starts anew
    temporary.mkdir()
    try:
        with naming(path, temporary):
            yield temporary
            replace_folder(temporary, path)
    finally:
        remove_folder(temporary)


@contextmanager
def naming(path: Path, temporary: Path) -> Iterator[None]:
    """Let an OSError name a path, and not what stands for it; that of a full disk names no file by itself."""
    try:
        yield
    except OSError as error:
        error.filename = str(error.filename or path).replace(str(temporary), str(path))
        error.filename2 = None
        raise


def replace_folder(folder: Path, path: Path) -> None:
    """Replace whatever is at `path` by a folder; of two processes that do so at once, the last one wins."""
    for attempt in range(ATTEMPTS):
        try:
            os.replace(folder, path)
            return
        except OSError:
            if attempt == ATTEMPTS - 1 or not os.path.lexists(path):
                raise
        aside = folder.with_name(f"{folder.name}.old{attempt}")
        with suppress(OSError):
            os.replace(path, aside)
            remove_folder(aside)


def remove_folder(path: Path) -> None:
    """Remove a folder, or what stands in its place; NFS may keep files that somebody has open, and their folder."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def check_folder(path: Path) -> None:
    """Raise UserError where a file stands in the place of a folder, or a link that leads to none."""
    if os.path.lexists(path) and not path.is_dir():
        raise UserError(f"{path}: is neither a folder nor a link to one; remove it, or make it point to a folder")


def temporary_sibling(path: Path) -> Path:
    """Return a path beside another that is unique to this process, across machines that share the folder."""
    return path.with_name(f".{socket.gethostname()}.{os.getpid()}.{path.name}")


def remove_leftovers(path: Path) -> None:
    """Remove the temporary siblings of a file that killed processes of this machine left behind."""
    for leftover in path.parent.glob(f".{socket.gethostname()}.*.{path.name}"):
        process = leftover.name[len(socket.gethostname()) + 2 : -len(path.name) - 1]
        if process.isdigit() and not Path(f"/proc/{process}").exists():
            leftover.unlink(missing_ok=True)


def canonical_json(value: Any) -> str:
    """Return JSON with sorted keys, so that equal values are equal text."""
    return json.dumps(value, sort_keys=True)


def write_text(path: Path, text: str) -> None:
    """Write text."""
    with whole_file(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: Path, value: Any) -> None:
    """Write indented JSON with sorted keys and no time stamp, so that equal values are equal files."""
    write_text(path, json.dumps(value, indent=1, sort_keys=True) + "\n")


def write_noted(path: Path, value: Any) -> None:
    """Write JSON together with its own digest, without indentation, as it may be long."""
    text = canonical_json(value)
    write_text(path, canonical_json({"sha256": sha256_of_text(text), "noted": value}))


def read_noted(path: Path) -> Any:
    """Return what `write_noted` wrote, or an empty dictionary where the file is missing or damaged."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        whole = sha256_of_text(canonical_json(found["noted"])) == found["sha256"]
    except (OSError, ValueError, LookupError, TypeError):
        return {}
    return found["noted"] if whole else {}


def sha256_of_text(text: str) -> str:
    """Return the SHA-256 of a text's UTF-8 bytes in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes in hexadecimal."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def date_back(path: Path) -> None:
    """Set the time of a file from the future to now: Snakemake rejects what is older than its input."""
    with suppress(OSError):
        if path.stat().st_mtime > time.time():
            os.utime(path)
