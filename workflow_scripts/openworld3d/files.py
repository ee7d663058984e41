"""Files and folders that appear whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Iterator


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
        if path.exists():
            shutil.rmtree(path)
        os.replace(temporary, path)
    finally:
        if temporary.exists():
            shutil.rmtree(temporary)


def temporary_sibling(path: Path) -> Path:
    """Return a path beside another that no other process takes, on this machine or on one that shares the folder."""
    return path.with_name(f".{socket.gethostname()}.{os.getpid()}.{path.name}")


def canonical_json(value: Any) -> str:
    """Return JSON with sorted keys, so that equal values are equal text."""
    return json.dumps(value, sort_keys=True)


def write_json(path: Path, value: Any) -> None:
    """Write indented JSON with sorted keys and no time stamp, so that equal values are equal files."""
    with whole_file(path) as temporary:
        temporary.write_text(json.dumps(value, indent=1, sort_keys=True) + "\n")


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
