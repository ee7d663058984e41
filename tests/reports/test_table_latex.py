from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.reports.made_up import row

from openworld3d.metrics.table import METRICS
from openworld3d.reports.printed import printed
from openworld3d.reports.table_latex import latex

ROOT = Path(__file__).parents[2]
ARTICLE = r"""\documentclass[%s]{article}
\usepackage{booktabs}
\begin{document}
%s
\end{document}
"""
PUBLISHED: list[dict[str, Any]] = [
    {"protocol": "sofa", "backbone": "Any & all", "method": "MSP, as its authors ran it on {all} [1]", "numbers": {}},
    {"protocol": "sofa", "backbone": "Net", "method": "MSP [2]", "numbers": {"aupr": "0.067?"}},
]
EVERY = list(METRICS)
LONG = "x" * 48  # no name is longer
NOTES = ["A note of 50 % & more: {~^\\|<>#$_}.", f"https://example.org/{'0123456789abcdef' * 10}/a_b", LONG * 3]


def text_of(*rows: Any, metrics: Any = ("aupr", "fpr95"), notes: Any = ("Said.",), name: str = "mine") -> str:
    return latex(printed(rows, metrics, PUBLISHED), notes, name)


def many(recipes: int, scores: list[str], recipe: str = "r") -> list[Any]:
    return [row(score, f"{recipe}{number}", metrics=EVERY) for number in range(recipes) for score in scores]


def tables() -> dict[str, str]:
    """Return tables of every shape as LaTeX: by hand, as wide, long and full of long words as they can be."""
    with_marks = [row("msp", metrics=EVERY), row("gen", start=2, metrics=EVERY), row("knn", metrics=EVERY)]
    seeds = [row(score, seed=seed, metrics=EVERY) for score in ("msp", "gen") for seed in range(3)]
    return {
        "small": text_of(*with_marks, notes=NOTES),
        "every metric": text_of(*seeds, metrics=EVERY, notes=NOTES),
        "long": text_of(*many(12, ["msp", "gen", "knn", LONG]), notes=NOTES * 20),
        "long names": text_of(*many(3, [LONG, f"{LONG[1:]}_"], LONG[1:]), metrics=EVERY, name=LONG),
        "single rows": text_of(*many(60, [LONG], LONG[2:])),
        "two protocols": text_of(*with_marks, row("msp", protocol=LONG, dataset=LONG)),
    }


def compiled(folder: Path, option: str, text: str) -> tuple[int, list[str]]:
    """Compile an article, and return the exit status and the lines of the log that complain."""
    if shutil.which("pdflatex") is None:
        pytest.skip("needs pdflatex and booktabs: Debian's texlive-latex-recommended")
    (folder / "article.tex").write_text(ARTICLE % (option, text), encoding="utf-8")
    call = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "article.tex"]
    ended = subprocess.run(call, cwd=folder, capture_output=True, check=False)
    log = (folder / "article.log").read_text(encoding="utf-8", errors="replace")
    return ended.returncode, re.findall(r"^(?:Overfull|!|LaTeX Warning: (?!Label|There were)).*", log, re.MULTILINE)


@pytest.mark.parametrize("option", ["onecolumn", "twocolumn"])
def test_every_table_fits_an_article(tmp_path: Path, option: str) -> None:
    """No box is overfull, and no float too large for its page."""
    assert compiled(tmp_path, option, "\n\\clearpage\n".join(tables().values())) == (0, [])


def test_article_says_what_does_not_fit(tmp_path: Path) -> None:
    """So that the test above can fail."""
    assert compiled(tmp_path, "twocolumn", rf"\noindent\mbox{{{LONG * 4}}}")[1]


def test_whatever_was_published_can_be_typeset(tmp_path: Path) -> None:
    files = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted((ROOT / "published").glob("*.yaml"))]
    text = latex(printed([row()], ["aupr"], []), texts_in(files), "mine")
    assert compiled(tmp_path, "twocolumn", text) == (0, [])


def texts_in(value: Any) -> list[str]:
    """Return all texts in nested lists and dictionaries."""
    if isinstance(value, (dict, list)):
        return [text for one in (value.values() if isinstance(value, dict) else value) for text in texts_in(one)]
    return [value] if isinstance(value, str) else []


def test_table_by_hand() -> None:
    text = text_of(row("max_logit", recipe="a_b"), notes=["50 % of it."])
    value = f"{100 * row('max_logit', recipe='a_b').metrics['aupr']:.1f}"
    lines = text.splitlines()
    assert r"score & aupr $\uparrow$ & fpr95 $\downarrow$ \\" not in lines  # a single row has recipe and score
    assert r"method & aupr $\uparrow$ & fpr95 $\downarrow$ \\" in lines
    assert any(line.startswith(rf"a\_b + max\_logit & {value} & ") for line in lines)
    assert r"\multicolumn{3}{l}{\textit{Any \& all}} \\" in lines
    assert r"MSP [2] & 6.7? & n/a \\" in lines
    assert [line for line in lines if "rule" in line] == [
        r"\toprule",
        r"\midrule",
        r"\midrule",
        r"\midrule",
        r"\bottomrule",
    ]
    (caption,) = (line for line in lines if line.startswith(r"\caption"))
    assert caption.startswith(r"\caption{Protocol sofa of dataset rooms, backbone small, ")
    assert text.index(r"50 \% of it.") > text.index(r"\end{tabular}")
    assert r"\label{tab:mine}" in lines


def test_parts_have_all_rows_and_columns_once() -> None:
    rows = many(12, ["msp", "gen", "knn", "energy", "vim"])
    text = text_of(*rows, metrics=EVERY)
    heads = [line for line in text.splitlines() if line.startswith("score & ")]
    assert len(heads) > 2
    parts = text.split(r"\begin{table*}")[1:]
    assert len(set(re.findall(r"\\label\{(.*?)\}", text))) == len(parts)
    for metric in EVERY:
        head = r"_ \\ ".join(metric.split("_")).replace("_", r"\_")
        found = [part for part in parts if re.search(rf"[&\[\]r{{ ]{re.escape(head)} \$", part)]
        assert sum(len(re.findall(r"^energy & ", part, re.MULTILINE)) for part in found) == 12, metric


def test_numbers_are_those_of_the_table() -> None:
    rows = [row("msp"), row("gen", start=2)]
    (table,) = printed(rows, ["aupr", "fpr95"], [])
    lines = latex([table], [], "t").splitlines()
    for line in table.groups[0].lines:
        (found,) = (one for one in lines if one.startswith(f"{line.label} & "))
        assert re.findall(r"\d+\.\d+", found) == [cell.text for cell in line.cells]
