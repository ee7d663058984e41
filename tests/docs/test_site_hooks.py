"""What the documentation's site makes of a page."""

from __future__ import annotations

import logging
import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest

HOOKS = runpy.run_path(str(Path(__file__).resolve().parents[2] / "docs/site_hooks.py"))
REPOSITORY = "https://example.org/openworld3d"


def page(markdown: str, repository: str = REPOSITORY, name: str = "scores/toy.md") -> str:
    """Return the Markdown that MkDocs gets of a page."""
    found = SimpleNamespace(file=SimpleNamespace(src_uri=name))
    made: str = HOOKS["on_page_markdown"](markdown, found, SimpleNamespace(repo_url=repository), None)
    return made


def test_formula_is_mathml_on_one_line() -> None:
    (before, formula, after) = page("a\n```math\n\\frac{1}{2}\n```\nb").split("\n")
    assert (before, after) == ("a", "b")
    assert formula.startswith("<div><math ")
    assert "<mfrac><mrow><mn>1</mn></mrow><mrow><mn>2</mn></mrow></mfrac>" in formula


@pytest.mark.parametrize(
    ("markdown", "made"),
    [
        ("[config](../../config.yaml#x)", f"[config]({REPOSITORY}/blob/HEAD/config.yaml#x)"),
        ("[scores/](../../workflow_scripts)", f"[scores/]({REPOSITORY}/blob/HEAD/workflow_scripts)"),
        ("[metrics](../metrics.md#top)", "[metrics](../metrics.md#top)"),
        ("[far](https://example.org)", "[far](https://example.org)"),
    ],
)
def test_links_out_of_docs_lead_to_the_repository(markdown: str, made: str) -> None:
    assert page(markdown) == made


def test_without_a_repository_they_are_names_of_files() -> None:
    assert page("[config](../../config.yaml)", "") == "config (`config.yaml`)"
    assert page("[`config.yaml`](../../config.yaml)", "") == "`config.yaml`"


def test_dead_link_is_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        page("[nothing](../nothing.py)", name="toy.md")
    assert "toy.md: a link leads to ../nothing.py, which is not there" in caplog.text


def test_list_may_begin_below_its_sentence() -> None:
    assert page("They are:\n- one\n- two\n") == "They are:\n\n- one\n- two\n"
    assert page("- one\n  more\n- two\n") == "- one\n  more\n- two\n"
