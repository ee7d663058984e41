"""Files from outside that results are made from: told apart by names, sizes and times, or else by content."""

from __future__ import annotations

import json
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any, Dict, List, NamedTuple

from openworld3d.errors import UserError
from openworld3d.files import canonical_json, sha256_of, sha256_of_text, write_json
from openworld3d.journal import read_journal
from openworld3d.plugins import load
from openworld3d.provenance import stamp

# In a result's folder: the identity of the files that it was made from, and of each its stamp and SHA-256. Beside the
# folders of results: the identity of stamps that were compared by content before.
FILES = "outside.json"
LISTING = "listing.json"  # beside them: the files of a split, where to list them takes a layout long
ABSENT = "absent"
Stamps = Dict[str, List[int]]


class Outside(NamedTuple):
    """Files that no job makes: those of a split (layout, root, split, keys), or those that match a pattern.

    `option` is the script's, by which it is told of them.
    """

    option: str
    root: str
    pattern: str | None = None
    layout: str | None = None
    split: str | None = None
    keys: dict[str, Any] | None = None

    @property
    def path(self) -> str:
        """Return what the script is told: the one file, or the folder of them."""
        one = self.pattern is not None and "*" not in self.pattern
        return str(Path(self.root) / str(self.pattern)) if one else self.root


def identity_of(outside: Outside, folder: str, again: bool = False) -> str:
    """Return what tells some files from others: a digest of names, sizes and times as they were first seen.

    folder: where the results that are made from such files lie, each in the folder of its key. Files that differ from
    those of a result there by their times alone are compared by content: the same bytes keep their identity.

    A process looks once, unless `again`.
    """
    if again:
        known_identity.cache_clear()
    return known_identity(canonical_json(outside._asdict()), folder)


@lru_cache(maxsize=None)
def known_identity(outside: str, folder: str) -> str:
    """Return the identity of files that are told as JSON; ABSENT where they are not as they should be.

    The job that reads them says what is wrong. Where the whole folder is not there, as on a machine that has results
    and no raw files, they are what they were.
    """
    asked = Outside(**json.loads(outside))
    if not Path(asked.root).is_dir():
        return identity_before(Path(folder)) or ABSENT
    try:
        stamps = stamps_of(asked, Path(folder))
    except UserError:
        return ABSENT
    told = sha256_of_text(canonical_json(stamps))[:16]
    known = Path(folder) / FILES
    identities: dict[str, str] = read_noted(known)
    if told not in identities and any(Path(folder).glob(f"*/{FILES}")):
        identities[told] = identity_of_same(asked, stamps, Path(folder)) or told
        with suppress(OSError):  # somebody else's results, which may be read and not written
            write_json(known, identities)
    return identities.get(told, told)


def identity_before(folder: Path) -> str | None:
    """Return the identity of the files that the last result was made from: that of the links, or the newest."""
    shown = folder / "current" / FILES
    newest = sorted(folder.glob(f"*/{FILES}"), key=lambda file: file.stat().st_mtime_ns)
    return next((read_noted(file)["identity"] for file in (shown, *reversed(newest)) if read_noted(file)), None)


def identity_of_same(outside: Outside, stamps: Stamps, folder: Path) -> str | None:
    """Return the identity of files that were made into a result before, with the same names and bytes; else None."""
    digests: dict[str, str] = {}
    for file in sorted(folder.glob(f"*/{FILES}")):
        before = read_noted(file)
        files = before.get("files", {})
        if stamps.keys() != files.keys() or any(stamps[name][0] != files[name]["stamp"][0] for name in stamps):
            continue
        moved = [name for name in stamps if stamps[name] != files[name]["stamp"]]
        for name in moved:
            if name not in digests:
                digests[name] = sha256_of(Path(outside.root) / name)
        if all(digests[name] == files[name]["sha256"] for name in moved):
            return str(before["identity"])
    return None


def read_noted(file: Path) -> dict[str, Any]:
    """Return what a file of identities says, nothing where it cannot be read: its files are new ones then."""
    try:
        noted: dict[str, Any] = json.loads(file.read_text())
    except (OSError, ValueError):
        return {}
    return noted if isinstance(noted, dict) else {}


def stamps_of(outside: Outside, folder: Path) -> Stamps:
    """Return the stamp of each file by its path below the root; raises UserError where they cannot be listed."""
    root = Path(outside.root)
    try:
        return {str(file.relative_to(root)): stamp(file) for file in files_of(outside, folder)}
    except OSError as error:
        raise UserError(f"{error.filename}: {error.strerror}; put it there, or correct the path") from None


def files_of(outside: Outside, folder: Path) -> list[Path]:
    """Return the files, each once, in the order of their names."""
    root = Path(outside.root)
    if outside.pattern is not None:
        found = sorted(root.glob(outside.pattern))
        if not found:
            raise UserError(f"{root / outside.pattern}: there is no such file; put it there, or correct the path")
        return found
    assert outside.layout is not None
    reader = load("datasets", outside.layout)
    if not hasattr(reader, "tables"):
        return files_of_split(outside, reader)
    tables = {str(file): stamp(file) for file in (*reader.tables(root), Path(str(reader.__file__)))}
    listing = read_noted(folder / LISTING)
    if listing.get("tables") != tables:
        listing = {"tables": tables, "files": list(map(str, files_of_split(outside, reader)))}
        with suppress(OSError):
            write_json(folder / LISTING, listing)
    return list(map(Path, listing["files"]))


def files_of_split(outside: Outside, reader: ModuleType) -> list[Path]:
    """Return the files of a split, as the reader of its layout lists them."""
    root, keys = Path(outside.root), outside.keys or {}
    names = reader.scenes_of_split(root, outside.split, **keys)
    return sorted({file for name in names for file in reader.files_of_scene(root, name, **keys)})


def note_files(outside: Outside, identity: str, folder: Path) -> None:
    """Note in a result's folder which files it was made from; what a journal there has read is not read again."""
    digests = {name: digest for line in read_journal(folder) for name, digest in line["raw"].items()}
    files = {
        name: {"stamp": seen, "sha256": digests.get(name) or sha256_of(Path(outside.root) / name)}
        for name, seen in stamps_of(outside, folder.parent).items()
    }
    write_json(folder / FILES, {"identity": identity, "root": outside.root, "files": files})


def noted_files(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of each file from outside that a result in a folder was made from, none for most."""
    if not (folder / FILES).exists():
        return {}
    noted = json.loads((folder / FILES).read_text())
    return {str(Path(noted["root"], name)): file["sha256"] for name, file in noted["files"].items()}
