from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.reports.made_up import row

from openworld3d.metrics.table import METRICS
from openworld3d.reports.printed import printed
from openworld3d.reports.table_markdown import WIDTH, markdown

NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,47}", fullmatch=True)


def test_table_by_hand() -> None:
    rows = [row("msp"), row("entropy", "dropout"), row("knn")]
    published = [{"protocol": "sofa", "backbone": "Net", "method": "A|B [1]", "numbers": {"aupr": "0.067?"}}]
    text = markdown(printed(rows, ["aupr"], published), ["What it says.", "[1] Where."], "mine")
    a, b, c = (f"{100 * one.metrics['aupr']:.1f}" for one in rows)
    best = max(a, b, c)
    cell = {one: f"**{one}**" if one == best else f"  {one}  " for one in (a, b, c)}
    lines = [line.replace("†", " ") for line in text.splitlines()]
    assert lines[3:] == [
        "| score        |   aupr ↑ |",
        "| :----------- | -------: |",
        "| *closed_set* |          |",
        f"| msp          | {cell[a]} |",
        f"| knn          | {cell[c]} |",
        "| *dropout*    |          |",
        f"| entropy      | {cell[b]} |",
        "| ---          |      --- |",
        "| *Net*        |          |",
        "| A\\|B [1]     |   6.7?   |",
        "",
        "- What it says.",
        "- [1] Where.",
    ]


@settings(max_examples=20, deadline=None)
@given(
    st.lists(NAMES, min_size=2, max_size=4, unique=True), NAMES, st.sets(st.sampled_from(list(METRICS)), min_size=1)
)
def test_no_line_is_longer_than_a_terminal_is_wide(scores: list[str], recipe: str, metrics: set[str]) -> None:
    chosen = sorted(metrics)
    rows = [row(score, recipe, seed, metrics=chosen) for score in scores for seed in (0, 1)]
    rows.append(row("msp", "other", metrics=chosen, backbone="b" * 48))
    published = [{"protocol": "sofa", "backbone": "N" * 90, "method": "M" * 90, "numbers": {}}]
    text = markdown(printed(rows, chosen, published), ["x" * 300, "word " * 60], "t" * 48)
    assert max(map(len, text.splitlines())) <= WIDTH
    heads = [cell.strip() for line in text.splitlines() if line.startswith("| score") for cell in line.split("|")]
    for metric in chosen:
        assert sum(head.split(" ")[0] == metric for head in heads) == 1


@pytest.mark.parametrize("length", [60, 61, 90])
def test_name_that_is_cut_is_explained(length: int) -> None:
    names = ["a" * length, "a" * (length - 1) + "b"]
    text = markdown(printed([row(name) for name in names], ["aupr"], []), ["Said."], "t")
    assert len({line.split("|")[1] for line in text.splitlines() if line.startswith("| a")}) == 2
    explained = [line.split(": ")[1] for line in text.splitlines() if line.startswith("- …")]
    assert explained == (names if length > 60 else [])


def test_wrapped_line_begins_no_list() -> None:
    note = " + ".join(["closed_set"] * 40)
    lines = markdown(printed([row()], ["aupr"], []), [note], "t").splitlines()
    assert not [line for line in lines if line.lstrip().startswith("+")]
    assert " ".join(line.strip() for line in lines[-6:]).endswith("closed_set + closed_set")
