"""The generated pages and tables of docs/ are up to date and complete, and links lead somewhere."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = ROOT / "workflow_scripts/openworld3d"
GENERATE = runpy.run_path(str(ROOT / "docs/generate.py"))


def columns(table: str, *numbers: int) -> dict[str, list[str]]:
    """Return some columns of a generated table, by the cells of the first column."""
    rows = [[cell.strip() for cell in line.split("|")] for line in GENERATE[table]()[2:] if line]
    return {row[1]: [row[number] for number in numbers] for row in rows}


@pytest.mark.parametrize("page", ["installation.md", "methods.md", "metrics.md", "protocols.md"])
def test_page_is_up_to_date(page: str) -> None:
    path = ROOT / "docs" / page
    assert GENERATE["generated"](path) == path.read_text(), "run make docs"


def test_pages_of_methods_are_up_to_date_and_there_is_no_other() -> None:
    folders = [ROOT / "docs/scores", ROOT / "docs/recipes"]
    found = {page: page.read_text() for folder in folders for page in folder.iterdir()}
    assert found == GENERATE["method_pages"](), "run make docs; remove the pages of what is gone"


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"])
def test_links_of_the_first_pages_lead_to_files(page: str) -> None:
    links = re.findall(r"\]\(([^)#:]+)[^):]*\)", (ROOT / page).read_text())
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_every_page_is_in_the_index() -> None:
    pages = {page.name for page in (ROOT / "docs").glob("*.md")} - {"index.md"}
    assert set(re.findall(r"\]\((\w+\.md)\)", (ROOT / "docs/index.md").read_text())) == pages


def test_every_rule_has_its_message() -> None:
    assert set(columns("message_table")) == {f"E{number}" for number in range(1, 18)}


def test_cuda_11_1_ends_with_rtx_40() -> None:
    cuda_11_1 = columns("gpu_table", 3)
    assert cuda_11_1["RTX 40, L4, L40"] == ["yes"]
    assert cuda_11_1["H100, H200"] == cuda_11_1["RTX 50"] == ["no"]


@pytest.mark.parametrize("kind", ["recipes", "scores"])
def test_every_plug_in_has_its_row(kind: str) -> None:
    files = {
        f"[`{file.stem}`]({kind}/{file.stem}.md)" for file in (LIBRARY / kind).glob("*.py") if file.stem != "__init__"
    }
    assert set(columns(f"{kind[:-1]}_table")) == files


def test_rows_by_hand() -> None:
    assert columns("score_table", 3, 5)["[`gen`](scores/gen.md)"] == ["logits", "gamma, top"]
    assert columns("recipe_table", 3)["[`pdf`](recipes/pdf.md)"] == ["logits, unknown_logit"]
