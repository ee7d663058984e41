from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.reports.made_up import METRICS, row

from openworld3d.metrics.bootstrap import Row
from openworld3d.reports.printed import MARKS, ONE_SCENE, Printed, notes_of, printed


def of(rows: list[Row], published: Any = ()) -> Printed:
    (table,) = printed(rows, METRICS, list(published))
    return table


def labels(table: Printed) -> list[tuple[str, list[str]]]:
    return [(group.title, [line.label for line in group.lines]) for group in table.groups]


def test_what_is_constant_is_said_once() -> None:
    table = of([row("msp"), row("knn")])
    assert table.caption == (
        "Protocol sofa of dataset rooms, backbone small, recipe closed_set, coverage single, seed 0, "
        "6 evaluation scenes, 1,234 points, 6.58 % unknown."
    )
    assert [column.head for column in table.columns] == ["aupr ↑", "auroc ↑", "fpr95 ↓"]
    assert labels(table) == [("", ["msp", "knn"])]


def test_rows_are_grouped_by_recipe() -> None:
    table = of([row("msp"), row("entropy", "dropout"), row("knn"), row("p", "upper", trains_on_unknown=True)])
    assert labels(table) == [("closed_set", ["msp", "knn"]), ("dropout", ["entropy"]), ("upper (upper bound)", ["p"])]
    assert "recipe" not in table.caption


def test_recipes_of_one_score_each_need_no_titles() -> None:
    table = of([row("msp"), row("redundancy", "real")])
    assert (table.label, labels(table)) == ("method", [("", ["closed_set + msp", "real + redundancy"])])


def test_seeds_of_a_score_stand_one_after_the_other() -> None:
    table = of([row(score, seed=seed) for seed in (0, 1) for score in ("msp", "knn")])
    assert labels(table) == [("", ["msp", "msp", "knn", "knn"])]
    assert [line.cells[0].text for line in table.groups[0].lines] == ["0", "1", "0", "1"]
    assert "seed" not in table.caption


def test_what_differs_is_a_column_or_in_the_title() -> None:
    saved = row("saved", "theirs", backbone="n/a", coverage="n/a", seed="n/a")
    other = row("msp", backbone="large")._replace(metrics={**row().metrics, "points": 10, "prevalence": 0.5})
    table = of([row("msp"), row("knn"), other, saved])
    assert labels(table) == [
        ("closed_set, small, single", ["msp", "knn"]),
        ("closed_set, large, single", ["msp"]),
        ("theirs", ["saved"]),
    ]
    assert [column.name for column in table.columns[:3]] == ["seed", "points", "prevalence"]
    assert [cell.text for cell in table.groups[1].lines[0].cells[:3]] == ["0", "10", "50.0"]
    for said in ("backbone", "coverage", "seed", "point", "unknown"):
        assert said not in table.caption


def test_numbers_of_two_protocols_never_stand_in_one_table() -> None:
    rows = [row("msp"), row("msp", protocol="chair"), row("knn")]
    published = [{"protocol": "chair", "backbone": "Net", "method": "MSP [1]", "numbers": {"auroc": "0.3?"}}]
    sofa, chair = printed(rows, METRICS, published)
    assert (sofa.protocol, labels(sofa), sofa.published) == ("sofa", [("", ["msp", "knn"])], [])
    assert labels(chair) == [("", ["closed_set + msp"])]
    assert [(group.title, group.lines[0].label) for group in chair.published] == [("Net", "MSP [1]")]
    assert [cell.text for cell in chair.published[0].lines[0].cells] == ["n/a", "30?", "n/a"]


@pytest.mark.parametrize(("scenes", "said"), [(6, MARKS), (1, ONE_SCENE)])
def test_marks_are_explained_where_there_are_some(scenes: int, said: str) -> None:
    rows = [row("msp", scenes=scenes), row("gen", scenes=scenes, start=2)]
    config = {"conventions": {"sofa": {"aupr": "aupr_trapezoid"}}, "counting": {"sofa": {}}}
    notes = notes_of([of(rows)], rows, METRICS, config, MARKS, ["[1] A paper."])
    assert [note for note in notes if note in (MARKS, ONE_SCENE)] == [said]
    assert "coverage single: inference on one point of each voxel, whose outputs the others share." in notes
    assert notes[-2].startswith("In protocol sofa, aupr is area under straight lines")
    assert notes[-1] == "[1] A paper."


def test_marks_are_those_of_the_paired_bootstrap() -> None:
    best, worst = row("msp"), row("knn")
    lower = {name: best.replicates[name] - 0.1 for name in METRICS}
    same = {name: best.replicates[name] + np.resize([-0.1, 0.1], 40) for name in METRICS}
    values = {name: best.metrics[name] - 0.1 for name in METRICS}
    worst = worst._replace(metrics={**worst.metrics, **values}, replicates={**worst.replicates, **lower})
    tied = worst._replace(replicates={**worst.replicates, **same})
    table = of([best, worst, tied])
    assert [[cell.mark for cell in line.cells] for line in table.groups[0].lines] == [
        ["best", "best", ""],
        ["", "", "best"],
        ["tied", "tied", "best"],
    ]
