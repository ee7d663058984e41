from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Callable, cast

import numpy as np
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
    "trains_on_unknown": False,
}
FIRST = {
    "points": 7,
    "prevalence": 2 / 7,
    "aupr": 1 / 3,
    "auroc": 0.9,
    "miou_known": None,
    "iou": {"wall": 1.0},
    "bootstrap": {"aupr": [0.3, 0.4], "auroc": [0.8, 1.0], "miou_known": [None, None]},
}
SECOND = {**FIRST, "aupr": 0.25}
SCENES = np.array(["a", "b"])
DRAWS = np.array([0, 0, *np.linspace(0, 1, 9)])


@pytest.fixture
def make_table(tmp_path: Path, command: Callable[..., None]) -> Callable[..., dict[str, str]]:
    """Return a function that tabulates two rows and returns the three texts."""

    def run(metrics: list[str], rows: int = 2, draws: np.ndarray = DRAWS, **identity: str) -> dict[str, str]:
        paths = [tmp_path / "first.json", tmp_path / "second.json"]
        for path, values in zip(paths, (FIRST, SECOND)):
            path.write_text(json.dumps(values))
            drawn = {name: np.stack([draws * (values[name] or np.nan)] * 3) for name in METRICS}
            np.savez(path.with_suffix(".npz"), **cast(Any, {"scenes": SCENES, **drawn}))
        config: dict[str, Any] = {"table": "small_rooms", "metrics": metrics, "rows": [{**ROW, **identity}] * rows}
        targets = {kind: tmp_path / f"table.{kind}" for kind in ("csv", "markdown", "tex", "differences")}
        options = [part for kind, path in targets.items() for part in (f"--{kind}", path)]
        options += ["--replicates", *(path.with_suffix(".npz") for path in paths)]
        command("make_table", "--config", json.dumps(config), "--metrics", *paths, *options)
        return {kind: path.read_text() for kind, path in targets.items()}

    return run


def test_csv_holds_every_digit(make_table: Callable[..., dict[str, str]]) -> None:
    lines = make_table(METRICS)["csv"].splitlines()
    assert lines[0] == (
        "dataset,protocol,backbone,recipe,coverage,score,method,seed,points,prevalence,"
        "aupr,aupr_low,aupr_high,auroc,auroc_low,auroc_high,miou_known,miou_known_low,miou_known_high"
    )
    assert lines[1] == (
        f"rooms,no_sofa,stratified,closed_set,single,msp,MSP & co_1,0,7,{2 / 7!r},"
        f"{1 / 3!r},0.3,0.4,0.9,0.8,1.0,n/a,n/a,n/a"
    )
    assert len(lines) == 3


def test_markdown_has_four_decimals_and_says_what_they_mean(
    make_table: Callable[..., dict[str, str]],
) -> None:
    text = make_table(METRICS)["markdown"]
    lines = text.splitlines()
    assert lines[2].endswith("| MSP & co_1 | 0 | 7 | 0.2857 | 0.3333* | 0.9000* | n/a |")
    assert lines[3].endswith("| 0.2857 | 0.2500* | 0.9000* | n/a |")
    for words in ("unknown is the positive class", "void points are left out", "pooled over all"):
        assert words in text
    assert "aupr: average precision" in text
    assert "coverage: single: inference on one point of each voxel" in text
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
        (["aurok"], 2, "first.json: there is no metric 'aurok', did you mean auroc; choose one of "),
        (["iou"], 2, "there is no metric 'iou'"),
        (["aupr"], 3, "the table has 3 rows, 2 metrics files and 2 replicates files"),
    ],
)
def test_config_that_does_not_fit_is_refused(
    make_table: Callable[..., dict[str, str]], metrics: list[str], rows: int, sentence: str
) -> None:
    with pytest.raises(UserError, match=sentence):
        make_table(metrics, rows)


def test_differences_are_paired_and_say_whether_they_hold(
    tmp_path: Path, make_table: Callable[..., dict[str, str]]
) -> None:
    """Draw by draw the first row's aupr is a third larger; where its draws leave out 0, the difference holds."""
    make_table(METRICS)
    table = pd.read_csv(tmp_path / "table.differences")
    assert table["metric"].tolist() == ["aupr", "auroc"]
    assert table["difference"].tolist() == pytest.approx([1 / 3 - 1 / 4, 0])
    assert table["high"][0] == pytest.approx((1 / 3 - 1 / 4) * np.quantile(DRAWS, 0.975))
    assert table["holds"].tolist() == [False, False]
    lines = make_table(METRICS, draws=np.linspace(0.5, 1, 11))["markdown"].splitlines()
    assert lines[3].endswith("| 0.2857 | 0.2500 | 0.9000* | n/a |")
    assert pd.read_csv(tmp_path / "table.differences")["holds"].tolist() == [True, False]
