"""Text is UTF-8 wherever it is read, written or taken from a program, whatever the machine's locale."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Iterator

import pytest

SCRIPTS = Path(__file__).resolve().parents[1] / "workflow_scripts"


def calls_without_encoding(text: str) -> Iterator[int]:
    """Yield the line of each call that leaves the encoding of text to the locale."""
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Call):
            continue
        options = {keyword.arg: keyword.value for keyword in node.keywords}
        method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        opens = isinstance(node.func, ast.Name) and node.func.id == "open"
        modes = [value.value for value in (*node.args[1:2], options.get("mode")) if isinstance(value, ast.Constant)]
        of_text = method in ("read_text", "write_text") or (opens and not any("b" in str(mode) for mode in modes))
        if (of_text and "encoding" not in options) or {"text", "universal_newlines"} & set(options):
            yield node.lineno


def test_encoding_is_said() -> None:
    lines = {file: list(calls_without_encoding(file.read_text(encoding="utf-8"))) for file in SCRIPTS.rglob("*.py")}
    assert {file: found for file, found in lines.items() if found} == {}


@pytest.mark.parametrize(
    "line", ["open(p)", "open(p, 'a')", "open(p, mode='w')", "p.read_text()", "p.write_text(t)", "run(c, text=True)"]
)
def test_call_that_leaves_it_to_the_locale_is_found(line: str) -> None:
    assert list(calls_without_encoding(line)) == [1]


@pytest.mark.parametrize("line", ["open(p, 'rb')", "open(p, 'w', encoding='utf-8')", "p.read_bytes()", "zip.open(p)"])
def test_call_that_does_not_is_not(line: str) -> None:
    assert list(calls_without_encoding(line)) == []
