"""What MkDocs does not do by itself: formulas without a script, pages of methods in the menu, links out of docs/."""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import Any

from latex2mathml.converter import convert

ROOT = Path(__file__).resolve().parents[1]
FORMULA = re.compile(r"^```math\n(.+?)\n```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[([^\]]*)\]\(((?:\.\./)+)([^)#\s]*)(#[^)\s]*)?\)")
LIST_AFTER_TEXT = re.compile(r"^((?![-*|#]|\d+\. |```| ).+)\n(?=(?:- |\d+\. ))", re.MULTILINE)
log = logging.getLogger("mkdocs.hooks.site")


def on_config(config: Any) -> Any:
    """Add the pages of scores and recipes to the menu."""
    for kind in ("recipes", "scores"):
        pages = sorted(f"{kind}/{page.name}" for page in (ROOT / "docs" / kind).glob("*.md"))
        config.nav.append({kind.capitalize(): [{Path(page).stem: page} for page in pages]})
    return config


def on_page_markdown(markdown: str, page: Any, config: Any, files: Any) -> str:
    """Return a page with formulas in MathML, and links out of docs/ to the repository, if it is known."""
    folder = ROOT / "docs" / Path(page.file.src_uri).parent

    def link(found: re.Match[str]) -> str:
        text, up, path, anchor = found.groups()
        target = (folder / up / path).resolve()
        if (ROOT / "docs") in target.parents:
            return found[0]
        if not target.exists():
            log.warning("%s: a link leads to %s, which is not there", page.file.src_uri, up + path)
        if not config.repo_url:
            return text if text.startswith("`") else f"{text} (`{target.relative_to(ROOT)}`)"
        return f"[{text}]({config.repo_url}/blob/HEAD/{target.relative_to(ROOT)}{anchor or ''})"

    with_formulas = FORMULA.sub(lambda found: f"<div>{convert(found[1], display='block')}</div>", markdown)
    # GitHub begins a list on any line, Markdown after an empty one.
    return LIST_AFTER_TEXT.sub(r"\1\n\n", LINK.sub(link, with_formulas))
