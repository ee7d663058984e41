"""The generated parts of the pages are what the code says today."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GENERATE = runpy.run_path(str(ROOT / "docs/generate.py"))


@pytest.mark.parametrize("page", GENERATE["PAGES"])
def test_page_is_up_to_date(page: str) -> None:
    text = (ROOT / "docs" / page).read_text()
    assert GENERATE["generated"](page, text) == text, "run make docs"


def test_every_rule_has_its_line() -> None:
    keys = {line.split("|")[1].strip() for line in GENERATE["troubleshooting"]()[2:] if line}
    assert keys == {f"E{number}" for number in range(1, 17)}


def test_cuda_11_1_ends_with_rtx_40() -> None:
    rows = {line.split("|")[1].strip(): line.split("|")[3].strip() for line in GENERATE["cards"]()[2:] if line}
    assert rows["RTX 40, L4, L40"] == "yes"
    assert rows["H100, H200"] == rows["RTX 50"] == "no"
