"""Write files and folders atomically: whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Iterator

ATTEMPTS = 10


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Yield a temporary sibling that replaces `path` when the block ends without an error."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = temporary_sibling(path)
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        if temporary.exists():
            temporary.unlink()


@contextmanager
def whole_folder(path: Path) -> Iterator[Path]:
    """Yield a temporary sibling folder that replaces `path` when the block ends without an error."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = temporary_sibling(path)
    temporary.mkdir()
    try:
        yield temporary
        replace_folder(temporary, path)
    finally:
        if temporary.exists():
            shutil.rmtree(temporary)


def replace_folder(folder: Path, path: Path) -> None:
    """Replace whatever is at `path` by a folder; of two processes that do so at once, the last one wins."""
    aside = folder.with_name(f"{folder.name}.old")
    for attempt in range(ATTEMPTS):
        try:
            os.replace(folder, path)
            return
        except OSError:
            if attempt == ATTEMPTS - 1 or not os.path.lexists(path):
                raise
        with suppress(FileNotFoundError):
            os.replace(path, aside)
            if aside.is_dir() and not aside.is_symlink():
                shutil.rmtree(aside)
            else:
                aside.unlink()


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


def write_json(path: Path, value: Any) -> None:
    """Write indented JSON with sorted keys and no time stamp, so that equal values are equal files."""
    with whole_file(path) as temporary:
        temporary.write_text(json.dumps(value, indent=1, sort_keys=True) + "\n")


def write_noted(path: Path, value: Any) -> None:
    """Write JSON together with its own digest, without indentation, as it may be long."""
    text = canonical_json(value)
    with whole_file(path) as temporary:
        temporary.write_text(canonical_json({"sha256": sha256_of_text(text), "noted": value}))


def read_noted(path: Path) -> Any:
    """Return what `write_noted` wrote, or an empty dictionary where the file is missing or damaged."""
    try:
        found = json.loads(path.read_text())
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
