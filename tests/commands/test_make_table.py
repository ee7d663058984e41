from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Callable

import pandas as pd
import pytest

from openworld3d.errors import UserError

METRICS = ["aupr", "auroc", "miou_known"]
ROW = {
    "dataset": "rooms",
    "protocol": "no_sofa",
    "backbone": "stratified",
    "recipe": "closed_set",
    "coverage": "single",
    "score": "msp",
    "method": "MSP & co_1",
    "seed": 0,
}
FIRST = {
    "points": 7,
    "prevalence": 2 / 7,
    "aupr": 1 / 3,
    "auroc": 0.9,
    "miou_known": None,
    "iou": {"wall": 1.0},
}
SECOND = {**FIRST, "aupr": 0.25}


@pytest.fixture
def make_table(tmp_path: Path, command: Callable[..., None]) -> Callable[..., dict[str, str]]:
    """Return a function that tabulates two rows and returns the three texts."""

    def run(metrics: list[str], rows: int = 2, **identity: str) -> dict[str, str]:
        paths = [tmp_path / "first.json", tmp_path / "second.json"]
        for path, values in zip(paths, (FIRST, SECOND)):
            path.write_text(json.dumps(values))
        config: dict[str, Any] = {"table": "small_rooms", "metrics": metrics, "rows": [{**ROW, **identity}] * rows}
        targets = {kind: tmp_path / f"table.{kind}" for kind in ("csv", "markdown", "tex")}
        options = [part for kind, path in targets.items() for part in (f"--{kind}", path)]
        command("make_table", "--config", json.dumps(config), "--metrics", *paths, *options)
        return {kind: path.read_text() for kind, path in targets.items()}

    return run


def test_csv_holds_every_digit(make_table: Callable[..., dict[str, str]]) -> None:
    lines = make_table(METRICS)["csv"].splitlines()
    assert (
        lines[0]
        == "dataset,protocol,backbone,recipe,coverage,score,method,seed,points,prevalence,aupr,auroc,miou_known"
    )
    assert lines[1] == (f"rooms,no_sofa,stratified,closed_set,single,msp,MSP & co_1,0,7,{2 / 7!r},{1 / 3!r},0.9,n/a")
    assert len(lines) == 3


def test_markdown_has_four_decimals_and_says_what_they_mean(
    make_table: Callable[..., dict[str, str]],
) -> None:
    text = make_table(METRICS)["markdown"]
    lines = text.splitlines()
    assert lines[2].endswith("| MSP & co_1 | 0 | 7 | 0.2857 | 0.3333 | 0.9000 | n/a |")
    assert lines[3].endswith("| 0.2857 | 0.2500 | 0.9000 | n/a |")
    for words in ("unknown is the positive class", "void points are left out", "pooled over all"):
        assert words in text
    assert "aupr: average precision" in text
    assert "coverage: single: a voxel's points share" in text
    assert "fpr95" not in text


def test_tex_is_escaped_and_ruled(make_table: Callable[..., dict[str, str]]) -> None:
    text = make_table([*METRICS])["tex"]
    assert r"\toprule" in text
    assert r"no\_sofa" in text
    assert r"MSP \& co\_1" in text
    assert r"miou\_known" in text
    assert r"\caption{Table small\_rooms. The unknown is the positive class" in text
    assert r"\label{tab:small_rooms}" in text


def test_tex_holds_long_names_whole(make_table: Callable[..., dict[str, str]]) -> None:
    name = "x" * 60
    assert name in make_table(METRICS, recipe=name)["tex"]


def test_csv_is_read_back_by_pandas(tmp_path: Path, make_table: Callable[..., dict[str, str]]) -> None:
    make_table(METRICS)
    table = pd.read_csv(tmp_path / "table.csv")
    assert table["aupr"].tolist() == [1 / 3, 0.25]
    assert table["miou_known"].isna().all()


@pytest.mark.parametrize(
    ("metrics", "rows", "sentence"),
    [
        (["aurok"], 2, "first.json: there is no metric 'aurok', did you mean auroc; choose of "),
        (["iou"], 2, "there is no metric 'iou'"),
        (["aupr"], 3, "the table has 3 rows and 2 metrics files"),
    ],
)
def test_config_that_does_not_fit_is_refused(
    make_table: Callable[..., dict[str, str]], metrics: list[str], rows: int, sentence: str
) -> None:
    with pytest.raises(UserError, match=sentence):
        make_table(metrics, rows)
