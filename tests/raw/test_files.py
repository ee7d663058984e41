"""Which entries of a folder are raw files, and which are left behind by systems and programs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from openworld3d.errors import UserError
from openworld3d.raw.files import entries

FILES = ["TR", "a.npz", "B.NPZ", "w/c.laz", "w/D.LAZ", "w/e/f.laz", "v1.X_g.laz", ".c/h.npz"]
LEFT_BEHIND = [
    "._a.npz",
    ".DS_Store",
    "__MACOSX/._a.npz",
    "__MACOSX/a.npz",
    "w/@eaDir/c.laz",
    "w/.e/i.laz",
    "._w",
    "Thumbs.db",
    "w/Desktop.ini",
    "thumbs.db",
    "ehthumbs.db",
    "#recycle/a.npz",
    "$RECYCLE.BIN/a.npz",
    "@Recently-Snapshot/a.npz",
    "System Volume Information/a.npz",
    ".Trash-1000/a.npz",
]
MATCHES: dict[str, list[str]] = {
    "*": ["B.NPZ", "TR", "a.npz", "v1.X_g.laz", "w"],
    "*.npz": ["B.NPZ", "a.npz"],
    "*.NPZ": ["B.NPZ", "a.npz"],
    "*.[mn]pz": ["B.NPZ", "a.npz"],
    "a.npz": ["a.npz"],
    "b.npz": [],  # another name, not another ending
    "tr": [],
    "v1.x*": [],
    "w/*.la?": ["w/D.LAZ", "w/c.laz"],
    "**/*.laz": ["v1.X_g.laz", "w/D.LAZ", "w/c.laz", "w/e/f.laz"],
    "w/**": ["w/D.LAZ", "w/c.laz", "w/e", "w/e/f.laz"],
    ".c/*": [".c/h.npz"],
    "._a.npz": ["._a.npz"],
    "__MACOSX/*.npz": ["__MACOSX/a.npz"],
    "**/a.npz": ["a.npz"],
    "#recycle/*": ["#recycle/a.npz"],
}


@pytest.mark.parametrize("pattern", MATCHES)
def test_entries_that_a_pattern_matches(tmp_path: Path, pattern: str) -> None:
    for name in FILES + LEFT_BEHIND:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert [str(path.relative_to(tmp_path)) for path in entries(tmp_path, pattern)] == MATCHES[pattern]


@pytest.mark.parametrize(
    ("name", "shown"),
    [(b"caf\xe9.npz", r"'caf\\udce9\.npz'"), (b"a\nb.npz", r"'a\\nb\.npz'"), (b"\x1b[2J.npz", r"'\\x1b\[2J\.npz'")],
)
def test_name_that_is_no_text_is_refused(tmp_path: Path, name: bytes, shown: str) -> None:
    (Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name))).touch()
    assert entries(tmp_path, "*.laz") == []
    with pytest.raises(
        UserError, match=rf": holds {shown}, expected a name in UTF-8, without control characters; re"
    ):
        entries(tmp_path, "*.npz")


@pytest.mark.parametrize(
    ("name", "pattern"), [("o\u0308.npz", "\u00f6.NPZ"), ("\u00f6.npz", "o\u0308*"), ("a[1].npz", "a[1].npz")]
)
@pytest.mark.parametrize("folder", ["", "u\u0308/"])
def test_name_is_matched_in_either_form_of_unicode_and_as_it_is(
    tmp_path: Path, name: str, pattern: str, folder: str
) -> None:
    (tmp_path / folder).mkdir(exist_ok=True)
    (tmp_path / folder / name).touch()
    assert [path.name for path in entries(tmp_path, folder.replace("u\u0308", "\u00fc") + pattern)] == [name]


def test_names_of_any_letters_are_read(tmp_path: Path) -> None:
    for name in ("é 1.npz", "点\u3000雲.npz", "a|b`$(c)`.npz"):
        (tmp_path / name).touch()
    assert len(entries(tmp_path, "*.npz")) == 3
