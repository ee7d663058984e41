"""The generated parts of docs/protocols.md say what the registry says, all of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from openworld3d.published.page import cells_of, cited, entries, overview, raw_id_table
from openworld3d.published.registry import Data, Source, Spec, read_registry
from openworld3d.published.rows import read_rows

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def _in_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def cells(lines: list[str]) -> dict[str, list[str]]:
    """Return the cells of a table's lines by the first."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]
    return {row[0]: row[1:] for row in rows}


def test_raw_ids_by_hand() -> None:
    """The table of raw ids as it was read in the code of each paper.

    official, share; trained by REAL, STU, NDP; REAL's evaluation, other-vehicle alone, REL's, LIDO's.
    """
    assert cells(raw_id_table()) == {
        "0": ["unlabeled", "1.89 %", "-", "-", "- (w)", "-", "-", "-", "-"],
        "1": ["outlier", "0.03 %", "-", "-", "- (w)", "-", "-", "-", "in"],
        "2": ["anomaly", "", "", "-", "**U**", "", "", "", "**U**"],
        "13, 16, 20, 256, 257 and 259": ["other-vehicle", "0.18 %", "-", "K", "K", "**U**", "**U**", "K", "K"],
        "52": ["other-structure", "0.24 %", "-", "-", "- (w)", "-", "-", "**U**", "in"],
        "99": ["other-object", "0.99 %", "-", "-", "- (w)", "**U**", "-", "**U**", "in"],
        "24 more": ["every other class", "", "K", "K", "K", "K", "K", "K", "K"],
    }


def test_every_protocol_has_its_line_and_its_section() -> None:
    names = [*read_registry().protocols]
    assert [name.split("`")[1] for name in cells(overview())] == names
    headings = [line for line in entries() if line.startswith("### ")]
    assert [heading.split("`")[1] for heading in headings] == names


def test_every_number_is_on_the_page() -> None:
    page = "\n".join(entries())
    for row in read_rows():
        for number in row.numbers.values():
            assert f"| {number} |" in page
        assert row.source in page


def test_points_and_conventions_by_hand() -> None:
    spec = Spec(
        Data("stu", ("125",)),
        unknown_raw_ids=(2,),
        inlier_raw_ids=(1,),
        void_raw_ids=(0,),
        range=(2.5, 50),
        min_unknown_points=5,
        fpr95="strict",
    )
    assert cells_of(spec) == (
        "stu 125",
        "raw 2",
        "all but raw 0; raw 1 as inliers; 2.5 to 50 m; scenes with 5 unknown or more",
        "step, strict; all points pooled",
    )
    assert cells_of(Spec(Data("scannet", ("val",)))) == ("scannet val", "nothing", "all with a label", "")


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (Source("a thesis"), "a thesis"),
        (Source("it", "a/b", "1234567"), "[a/b @ 1234567](https://github.com/a/b/tree/1234567): it"),
        (
            Source("it", "a/b", "1234567", "c.py"),
            "[a/b @ 1234567, c.py](https://github.com/a/b/blob/1234567/c.py): it",
        ),
    ],
)
def test_source_is_linked(source: Source, text: str) -> None:
    assert cited(source) == text
