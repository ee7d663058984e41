"""Read raw files whole; a missing, truncated or malformed one raises a UserError."""

from __future__ import annotations

import errno
import json
import re
import reprlib
import unicodedata
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Any, Callable, Iterator, TypeVar

import numpy as np

from openworld3d.errors import UserError

# A file that claims more is rejected before memory is allocated for it.
MOST_POINTS = 100_000_000
LONGEST_QUOTE = 200
# Control characters, and how Python represents the bytes of a name that are not UTF-8.
NO_TEXT = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
# What macOS puts into its archives, network drives and Windows into their folders, in lower case: previews, trash and
# snapshots.
LEFT_BEHIND = {
    *("__macosx", "@eadir", "#recycle", "@recycle", "#snapshot", "@recently-snapshot"),
    *("$recycle.bin", "system volume information", "thumbs.db", "ehthumbs.db", "desktop.ini"),
}
KINDS = {str: "a string", int: "a whole number", list: "a list", dict: "an object"}
Value = TypeVar("Value")


def require(path: Path, wanted_by: str) -> Path:
    """Return `path` if it is a file or a folder.

    Raises UserError where it does not exist, OSError where it cannot be reached: no permission, a link to itself.
    """
    try:
        path.stat()
    except OSError as error:
        if error.errno != errno.ENOENT:
            raise
        raise UserError(
            f"{path}: does not exist, though {wanted_by} needs it; check the dataset's root or fetch it"
        ) from error
    if not (path.is_file() or path.is_dir()):
        raise UserError(f"{path}: is neither a file nor a folder, though {wanted_by} needs it; put the file there")
    return path


def entries(folder: Path, pattern: str) -> list[Path]:
    """Return the files and folders that a glob pattern matches, sorted; `*.laz` matches `TILE.LAZ` too.

    Without hidden ones that the pattern does not name: what begins with a dot (`._1.npz` beside `1.npz`, from a Mac)
    and what systems leave behind. Raises UserError for a name that is not UTF-8 or has control characters.
    """
    *folders, last = named = PurePosixPath(pattern).parts
    found = []
    of_folders = "/".join([*folders, "**/*" if last == "**" else "*"])
    globs = {of_folders, *(unicodedata.normalize(form, of_folders) for form in ("NFC", "NFD"))}
    for path in sorted({path for each in globs for path in folder.glob(each)}):
        parts = path.relative_to(folder).parts
        is_hidden = any((part.startswith(".") or part.lower() in LEFT_BEHIND) and part not in named for part in parts)
        if is_hidden or not matches(path.name, last):
            continue
        if any(map(NO_TEXT.search, parts)):
            raise UserError(
                f"{folder}: holds {str(Path(*parts))!r}, expected a name in UTF-8, without control characters; "
                "rename it"
            )
        found.append(path)
    return found


def matches(name: str, pattern: str) -> bool:
    """Return whether a pattern matches a file's name, or is it, as `a[1].npz` is that of a file of this name."""
    name, pattern = (unicodedata.normalize("NFC", text) for text in (name, pattern))
    return name == pattern or fnmatchcase(name, pattern) or fnmatchcase(lower(name), lower(pattern))


def lower(name: str) -> str:
    """Return a file's name with its ending in lower case."""
    ending = PurePosixPath(name).suffix
    return name[: len(name) - len(ending)] + ending.lower()


def read_whole(file: Path, dtype: np.dtype, record: int) -> np.ndarray:
    """Read an array without a header; raises UserError where the file ends within a record."""
    size = file.stat().st_size
    if size % record:
        raise UserError(
            f"{file}: is {size} bytes long, expected a multiple of {record}; the file is truncated, fetch it again"
        )
    return np.fromfile(file, dtype)


def read_text(file: Path) -> str:
    """Read a UTF-8 file; raises UserError where it is not UTF-8."""
    with parsing(file, "UTF-8"):
        return file.read_text(encoding="utf-8")


def read_json(file: Path, object_hook: Callable[[dict[str, Any]], Any] | None = None) -> Any:
    """Read a JSON file, with the `object_hook` of json.loads; raises UserError where it is not JSON."""
    try:
        return json.loads(read_text(file), object_hook=object_hook)
    except (ValueError, RecursionError) as error:
        raise UserError(f"{file}: is not JSON ({quote(error)}); fetch it again") from error


def field(row: Any, name: str, kind: type[Value], file: Path, place: str) -> Value:
    """Return a field of a JSON object; raises UserError where it is missing or of another type."""
    if not isinstance(row, dict):
        raise UserError(f"{file}: {place} is {reprlib.repr(row)}, expected an object; fetch it again")
    if name not in row:
        raise UserError(f"{file}: {place} has no {name!r}, expected {KINDS[kind]}; fetch the whole release again")
    value = row[name]
    if type(value) is not kind:  # True is an int to isinstance
        raise UserError(
            f"{file}: {place} has the {name} {reprlib.repr(value)}, expected {KINDS[kind]}; fetch it again"
        )
    return value


def check_inside(path: str, file: Path) -> None:
    """Reject empty or escaping paths."""
    parts = PurePosixPath(path).parts
    if not path.isprintable() or not parts or ".." in parts or path.startswith("/"):
        raise UserError(
            f"{file}: names the path {reprlib.repr(path)}, expected one below the dataset's root; correct the "
            "file or fetch it again"
        )


def check_claim(claimed: int, most: int, what: str, file: Path) -> None:
    """Reject a file whose header claims more than a maximum."""
    if claimed > most:
        raise UserError(
            f"{file}: its header claims {claimed} {what}, expected at most {most}; the file is damaged, fetch it "
            "again, or cut the cloud into scenes"
        )


@contextmanager
def parsing(file: Path, format: str) -> Iterator[None]:
    """Turn whatever a library raises on a damaged file into a UserError; none has one exception for it."""
    try:
        yield
    except Exception as error:
        raise UserError(f"{file}: cannot be read as {format} ({quote(error)}); fetch or write it again") from error


def quote(error: Exception) -> str:
    """Return the message of an exception, or its name, as part of a line."""
    return one_line(str(error)) or type(error).__name__


def one_line(text: str) -> str:
    """Return text on one line, without unprintable characters, truncated to 200."""
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return line if len(line) <= LONGEST_QUOTE else f"{line[:LONGEST_QUOTE]}..."
