from __future__ import annotations

import json
import re
from decimal import Decimal
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
NOTHING: dict[str, list[Any]] = {"rows": [], "notes": []}
PUBLISHED: dict[str, list[Any]] = {
    "rows": [
        {
            "dataset": "scannet",
            "protocol": "no_sofa",
            "backbone": "Any & all",
            "method": "MSP [1]",
            "numbers": {"aupr": "0.067?", "miou_known": "0.58"},
        }
    ],
    "notes": [
        "[1] Any 2024, table 1: from memory, not verified.",
        "Rows of no_door do not stand here: 85 % of them.",
    ],
}
OUTPUTS = ("csv", "markdown", "tex", "differences", "summary", "summary-markdown", "summary-tex")
SCENES = np.array(["a", "b"])
DRAWS = np.array([0, 0, *np.linspace(0, 1, 9)])


@pytest.fixture
def make_table(tmp_path: Path, command: Callable[..., None]) -> Callable[..., dict[str, str]]:
    """Return a function that tabulates two rows and returns the three texts."""

    def run(
        metrics: list[str],
        rows: int = 2,
        draws: np.ndarray = DRAWS,
        conventions: dict[str, str] | None = None,
        published: Any = NOTHING,
        seed: int = 0,
        **identity: str,
    ) -> dict[str, str]:
        paths = [tmp_path / "first.json", tmp_path / "second.json"]
        for path, values in zip(paths, (FIRST, SECOND)):
            path.write_text(json.dumps(values))
            drawn = {name: np.stack([draws * (values[name] or np.nan)] * 3) for name in METRICS}
            np.savez(path.with_suffix(".npz"), **cast(Any, {"scenes": SCENES, **drawn}))
        config: dict[str, Any] = {"table": "small_rooms", "metrics": metrics, "published": published}
        config["rows"] = [{**ROW, **identity}, {**ROW, **identity, "seed": seed}][:rows] + [ROW] * (rows - 2)
        config["conventions"] = {{**ROW, **identity}["protocol"]: conventions or {}}
        config["counting"] = {name: {} for name in config["conventions"]}
        targets = {kind: tmp_path / f"table.{kind}" for kind in OUTPUTS}
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


def cells(line: str) -> list[str]:
    """Return the cells of a line of a Markdown table."""
    return [cell.strip() for cell in line.split("|")[1:-1]]


def test_markdown_says_what_its_numbers_are(make_table: Callable[..., dict[str, str]]) -> None:
    text = make_table(METRICS)["markdown"]
    lines = text.splitlines()
    assert lines[0].startswith("Table small_rooms. Protocol no_sofa of dataset rooms, backbone stratified,")
    assert (
        "recipe closed_set, coverage single, seed 0, 2 evaluation scenes, 7 points, 28.6 % unknown."
        in text.replace("\n", " ")
    )
    assert cells(lines[3]) == ["method", "aupr ↑", "auroc ↑", "miou_known ↑"]
    assert [cells(line) for line in lines[5:7]] == [
        ["MSP & co_1", "**33.3**", "90.0", "n/a"],
        ["MSP & co_1", "25.0†", "90.0", "n/a"],
    ]
    for words in ("unknown is the positive class", "void points are left out", "aupr ↑: average precision"):
        assert words in text
    assert "coverage single: inference on one point of each voxel" in text
    assert "fpr95" not in text


def test_tex_is_escaped_and_ruled(make_table: Callable[..., dict[str, str]]) -> None:
    text = make_table([*METRICS], protocol="no_sofa")["tex"]
    assert r"\toprule" in text
    assert r"Protocol no\_\allowbreak{}sofa" in text
    assert r"MSP \& co\_1" in text
    assert r"\textbf{33.3} & 90.0 & n/a" in text
    assert r"25.0\rlap{$^\dagger$}" in text
    assert r"\label{tab:small_rooms}" in text


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
    assert cells(lines[6]) == ["MSP & co_1", "25.0", "90.0", "n/a"]
    assert pd.read_csv(tmp_path / "table.differences")["holds"].tolist() == [True, False]


def test_nothing_is_marked_where_there_is_no_interval(make_table: Callable[..., dict[str, str]]) -> None:
    text = make_table(METRICS, draws=np.full(3, np.nan))["markdown"]
    assert "*" not in text
    assert "†" not in text


def test_seeds_are_one_row_of_the_summary(make_table: Callable[..., dict[str, str]]) -> None:
    texts = make_table(METRICS, seed=1)
    lines = texts["summary"].splitlines()
    assert lines[0] == (
        "dataset,protocol,backbone,recipe,coverage,score,method,seeds,points,prevalence,"
        "aupr,aupr_sd,aupr_mark,auroc,auroc_sd,auroc_mark,miou_known,miou_known_sd,miou_known_mark"
    )
    mean, spread = (1 / 3 + 1 / 4) / 2, (1 / 3 - 1 / 4) / 2**0.5
    assert len(lines) == 2
    values = lines[1].split(",")
    assert values[7] == "2"
    assert [float(value) for value in values[10:12]] == pytest.approx([mean, spread])
    assert values[12:] == ["", "0.9", "0.0", "", "n/a", "n/a", ""]
    shown = [cells(line) for line in texts["summary-markdown"].splitlines()[5:6]]
    assert shown == [["MSP & co_1", "29.2±5.9", "90.0±0.0", "n/a"]]
    assert "seeds 0, 1, 2 evaluation scenes" in texts["summary-markdown"].replace("\n", " ")
    assert r"29.2$\pm$5.9" in texts["summary-tex"]
    assert r"\label{tab:small_rooms.summary}" in texts["summary-tex"]


def test_printed_numbers_are_those_of_the_csv(
    tmp_path: Path, make_table: Callable[..., dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In Markdown and LaTeX, to half of the last digit: of the table, and of means and deviations over seeds."""
    generator = np.random.default_rng(0)
    for values in (FIRST, SECOND):
        monkeypatch.setitem(values, "aupr", float(generator.random()))
        monkeypatch.setitem(values, "auroc", float(generator.random()) / 50)
    make_table(["aupr", "auroc"], seed=1)
    for table, columns in (("", ["aupr", "auroc"]), ("summary", ["aupr", "aupr_sd", "auroc", "auroc_sd"])):
        expected = pd.read_csv(tmp_path / f"table.{table or 'csv'}")[columns].to_numpy()
        for kind in ("markdown", "tex"):
            lines = (tmp_path / f"table.{f'{table}-' * bool(table)}{kind}").read_text().splitlines()
            rows = [line for line in lines if re.match(r"(\| )?MSP ", line)]
            found = [re.findall(r"\d+\.\d+", line) for line in rows]
            assert np.shape(found) == expected.shape
            for text, number in zip(np.ravel(found), np.ravel(expected)):
                half = Decimal(5).scaleb(-1 - len(text.partition(".")[2]))
                assert abs(Decimal(str(text)) - 100 * Decimal(repr(float(number)))) <= half


def test_published_rows_stand_below_a_line(make_table: Callable[..., dict[str, str]]) -> None:
    """With their origins, in percent as all; in the table for machines there is what was measured alone."""
    texts, plain = make_table(METRICS, published=PUBLISHED), make_table(METRICS)
    lines = texts["markdown"].splitlines()
    assert [cells(line) for line in lines[5:7]] == [cells(line) for line in plain["markdown"].splitlines()[5:7]]
    assert cells(lines[7]) == ["---"] * 4
    assert cells(lines[8]) == ["*Any & all*", "", "", ""]
    assert cells(lines[9]) == ["MSP [1]", "6.7?", "n/a", "58"]
    assert lines[-2:] == [f"- {note}" for note in PUBLISHED["notes"]]
    assert texts["csv"] == plain["csv"]
    assert texts["differences"] == plain["differences"]


def test_line_is_a_rule_in_latex(make_table: Callable[..., dict[str, str]]) -> None:
    text = make_table(METRICS, published=PUBLISHED)["tex"]
    rules = [line for line in text.splitlines() if line in (r"\toprule", r"\midrule", r"\bottomrule")]
    assert rules == [r"\toprule", r"\midrule", r"\midrule", r"\bottomrule"]
    assert "---" not in text
    assert r"\textit{Any \& all}" in text
    assert r"85 \% of them." in text.split(r"\end{tabular}")[1]


def test_table_without_published_rows_has_no_line(make_table: Callable[..., dict[str, str]]) -> None:
    refused = make_table(METRICS, published={"rows": [], "notes": PUBLISHED["notes"][1:]})["markdown"]
    plain = make_table(METRICS)["markdown"]
    assert refused == plain + "- Rows of no_door do not stand here: 85 % of them.\n"
    assert ["---"] * 4 not in [cells(line) for line in plain.splitlines()]
