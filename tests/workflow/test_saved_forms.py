"""Kinds of recipes that are forms of saved outputs are read as those."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.configs import read


@pytest.mark.parametrize(
    ("recipe", "expected"),
    [
        ("{kind: saved_scores, scores: here}", {"kind": "saved_outputs", "folder": "here"}),
        ("{kind: saved_logits, logits: here}", {"kind": "saved_outputs", "folder": "here"}),
        ("{kind: saved_outputs, folder: here}", {"kind": "saved_outputs", "folder": "here"}),
        ("{extends: closed_set, kind: saved_logits, logits: here}", "here"),
        ("{kind: [saved_logits]}", {"kind": ["saved_logits"]}),
    ],
)
def test_forms(tmp_path: Path, recipe: str, expected: object) -> None:
    (tmp_path / "mine.yaml").write_text(f"recipes: {{theirs: {recipe}}}\n")
    found = read(tmp_path / "mine.yaml")["recipes"]["theirs"]
    assert expected in (found, found.get("folder"))
