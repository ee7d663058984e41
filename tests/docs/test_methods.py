"""docs/methods.md names every recipe and every score."""

from __future__ import annotations

from pathlib import Path

import pytest

from openworld3d.plugins import plugin_names

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("kind", ["recipes", "scores"])
def test_every_file_has_a_line(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    lines = [line for line in (ROOT / "docs/methods.md").read_text().splitlines() if line.startswith("| `")]
    named = " ".join(line.split("|")[1] for line in lines)
    assert [name for name in plugin_names(kind) if f"`{name}`" not in named] == []
