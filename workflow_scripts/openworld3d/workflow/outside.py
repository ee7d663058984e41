"""External files that results are made from, identified by name, size and time, or else by content."""

from __future__ import annotations

import json
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any, Dict, List, NamedTuple, Tuple

from openworld3d.errors import UserError
from openworld3d.files import canonical_json, read_noted, sha256_of, sha256_of_text, write_noted
from openworld3d.plugins import load
from openworld3d.provenance.records import stamp
from openworld3d.raw.journal import read_journal
from openworld3d.saved_outputs.folder import SavedFolder, open_saved

FILES = "outside.json"  # in a result's folder: the identity of what it was made from, each file's stamp and SHA-256
IDENTITIES = "identities.json"  # beside these folders: the identity of stamps that were compared by content before
LISTING = "listing.json"  # beside them: the files of a split, where to list them takes a layout long
ABSENT = "absent"
Stamps = Dict[str, List[int]]
Scenes = List[Tuple[str, List[str]]]  # each scene with its files below the root, in the order of the split


class Found(NamedTuple):
    """What lies outside: which scene is which files, and the stamp of each file by its path below the root."""

    scenes: Scenes
    stamps: Stamps


class Outside(NamedTuple):
    """Files that no job makes: those of a split (layout, root, split, keys), one by its name, or saved outputs.

    `option` is the option of the script that takes their path; `part`, of saved outputs, is `all` or `sample`.
    """

    option: str
    root: str
    name: str | None = None
    layout: str | None = None
    split: str | None = None
    keys: dict[str, Any] | None = None
    part: str | None = None

    @property
    def path(self) -> str:
        """Return the path that the script is given: the one file, or the folder."""
        return self.root if self.name is None else str(Path(self.root) / self.name)

    @property
    def place(self) -> list[str | None]:
        """Return what tells these files from others, wherever the result lies that was made from them."""
        return [self.root, self.part or self.name]


def identity_of(outside: Outside, folder: str, again: bool = False) -> str:
    """Return the identity of some files: a digest of names, sizes and times as they were first seen.

    folder: where the results that are made from such files lie, each in the folder of its key. Files that differ from
    those of a result there by their times alone are compared by content: the same bytes keep their identity.

    A process looks once, unless `again`.
    """
    if again:
        known_identity.cache_clear()
    return known_identity(canonical_json(outside._asdict()), folder)


@lru_cache(maxsize=None)
def known_identity(outside: str, folder: str) -> str:
    """Return the identity of files that JSON describes; ABSENT where they are not as they should be.

    The job that reads them says what is wrong. Where the whole folder is not there, as on a machine that has results
    and no raw files, they are what they were.
    """
    asked = Outside(**json.loads(outside))
    try:
        if not Path(asked.root).is_dir():
            return identity_before(asked, Path(folder)) or ABSENT
        found = find(asked, Path(folder))
    except (UserError, OSError):
        return ABSENT
    seen = sha256_of_text(canonical_json(found))[:16]
    known = Path(folder) / IDENTITIES
    identities: dict[str, str] = read_noted(known)
    if seen not in identities and any(Path(folder).glob(f"*/{FILES}")):
        identities[seen] = identity_of_same(asked, found, Path(folder)) or seen
        with suppress(OSError):  # somebody else's results, which may be read and not written
            write_noted(known, identities)
    return identities.get(seen, seen)


def identity_before(outside: Outside, folder: Path) -> str | None:
    """Return the identity that files of this place had in the result that the links show, or else in the newest."""
    newest = sorted(folder.glob(f"*/{FILES}"), key=lambda file: file.stat().st_mtime_ns)
    for file in (folder / "current" / FILES, *reversed(newest)):
        noted = read_noted(file)
        if noted and noted["place"] == outside.place:
            return str(noted["identity"])
    return None


def identity_of_same(outside: Outside, found: Found, folder: Path) -> str | None:
    """Return the identity of files that were made into a result before, with the same names and bytes; else None."""
    scenes, stamps = json.loads(canonical_json(found.scenes)), found.stamps
    digests: dict[str, str] = {}
    for file in sorted(folder.glob(f"*/{FILES}")):
        before = read_noted(file)
        if not before or before["scenes"] != scenes:
            continue
        files = before["files"]
        if any(stamps[name][0] != files[name]["stamp"][0] for name in stamps):
            continue
        moved = [name for name in stamps if stamps[name] != files[name]["stamp"]]
        for name in moved:
            if name not in digests:
                digests[name] = sha256_of(Path(outside.root) / name)
        if all(digests[name] == files[name]["sha256"] for name in moved):
            return str(before["identity"])
    return None


def find(outside: Outside, folder: Path) -> Found:
    """Return the files as they are; raises UserError or OSError where they are not as they should be."""
    scenes = scenes_outside(outside, folder)
    return Found(scenes, {name: stamp(Path(outside.root) / name) for _, files in scenes for name in files})


def scenes_outside(outside: Outside, folder: Path) -> Scenes:
    """Return which files there are of which scene; what is one file, or saved outputs, is of none."""
    root = Path(outside.root)
    if outside.layout is None:
        files = files_saved(root, outside.part) if outside.name is None else [Path(outside.path)]
        if not all(file.exists() for file in files) or not files:
            raise UserError(f"{outside.path}: there is no such file; put it there, or correct the path")
        return [("", [str(file.relative_to(root)) for file in files])]
    reader = load("datasets", outside.layout)
    if not reader.TABLES:
        return scenes_of_split(outside, reader)
    files = [file for pattern in reader.TABLES for file in sorted(root.glob(pattern))]
    tables = {str(file): stamp(file) for file in (*files, Path(str(reader.__file__)))}
    listing = read_noted(folder / LISTING)
    if not listing or listing["tables"] != tables:
        listing = {"tables": tables, "scenes": scenes_of_split(outside, reader)}
        with suppress(OSError):
            write_noted(folder / LISTING, listing)
    return [(name, files) for name, files in listing["scenes"]]


def files_saved(root: Path, part: str | None) -> list[Path]:
    """Return the files of a folder of saved outputs, all or those of the training sample."""
    saved = open_saved(root)
    return saved.files_of_sample if part == "sample" else saved.files


@lru_cache(maxsize=None)
def saved_outputs(root: str) -> SavedFolder:
    """Return what a folder of saved outputs has; a process looks once."""
    return open_saved(Path(root))


def scene_names(outside: Outside, folder: Path) -> list[str]:
    """Return the scenes of a split, none where they cannot be listed, as the job that reads them will say."""
    assert outside.layout is not None
    try:
        if not Path(outside.root).is_dir():
            return []
        reader = load("datasets", outside.layout)
        if reader.TABLES:
            return [name for name, _ in scenes_outside(outside, folder)]
        names: list[str] = reader.scenes_of_split(Path(outside.root), outside.split, **(outside.keys or {}))
    except (UserError, OSError):
        return []
    return names


def scenes_of_split(outside: Outside, reader: ModuleType) -> Scenes:
    """Return the scenes of a split and the files of each, as the reader of its layout lists them."""
    root, keys = Path(outside.root), outside.keys or {}
    names = reader.scenes_of_split(root, outside.split, **keys)
    return [
        (name, [str(file.relative_to(root)) for file in reader.files_of_scene(root, name, **keys)]) for name in names
    ]


def note_files(outside: Outside, identity: str, folder: Path) -> None:
    """Note in a result's folder which files it was made from; what a journal there has read is not read again."""
    try:
        found = find(outside, folder.parent)
    except OSError as error:
        raise UserError(f"{error.filename}: {error.strerror}; put it there, or correct the path") from None
    digests = {name: digest for line in read_journal(folder) for name, digest in line["raw"].items()}
    files = {
        name: {"stamp": seen, "sha256": digests.get(name) or sha256_of(Path(outside.root) / name)}
        for name, seen in found.stamps.items()
    }
    noted = {"identity": identity, "place": outside.place, "scenes": found.scenes, "files": files}
    write_noted(folder / FILES, noted)


def noted_files(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of each file from outside that a result in a folder was made from, none for most."""
    noted = read_noted(folder / FILES)
    if not noted:
        return {}
    return {str(Path(noted["place"][0], name)): file["sha256"] for name, file in noted["files"].items()}
