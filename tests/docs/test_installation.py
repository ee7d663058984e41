"""The generated parts of docs/installation.md are what the code says today."""

from __future__ import annotations

import runpy
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GENERATE = runpy.run_path(str(ROOT / "docs/generate.py"))


def test_page_is_up_to_date() -> None:
    text = (ROOT / "docs/installation.md").read_text()
    assert GENERATE["generated"](text) == text, "run make docs"


def test_every_rule_has_its_line() -> None:
    keys = {line.split("|")[1].strip() for line in GENERATE["troubleshooting"]()[2:] if line}
    assert keys == {f"E{number}" for number in range(1, 17)}


def test_cuda_11_1_ends_with_rtx_40() -> None:
    rows = {line.split("|")[1].strip(): line.split("|")[3].strip() for line in GENERATE["gpus"]()[2:] if line}
    assert rows["RTX 40, L4, L40"] == "yes"
    assert rows["H100, H200"] == rows["RTX 50"] == "no"
