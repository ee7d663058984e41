from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from openworld3d.reports.trainings import costs, read_history

ROW = {"protocol": "p", "backbone": "b", "recipe": "r[1]", "seed": 0, "coverage": "single", "score": "msp"}
RUN = {name: str(ROW[name]) for name in ("protocol", "backbone", "recipe", "seed")}
HEAD = "s\th:m:s\tmax_rss\n"


def record(step: str, key: str, **wildcards: str) -> dict[str, Any]:
    return {"step": step, "key": key, "wildcards": {**RUN, **wildcards}}


def write(folder: Path, name: str, line: str) -> None:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(HEAD + line)


def test_costs_are_those_of_a_rows_own_jobs(tmp_path: Path) -> None:
    """Shards add up; another run's training, from which this one starts, is not its cost."""
    write(tmp_path, "train/p.b.r[1].0.aaaa.tsv", "60.5\t0:01:00\t1000.0\n")
    write(tmp_path, "train/p.b.r1.0.aaaa.tsv", "999\t0:01:00\t9000.0\n")
    write(tmp_path, "train/p.b.first.0.bbbb.tsv", "999\t0:01:00\t9000.0\n")
    write(tmp_path, "infer/p.b.r[1].0.single.cccc.1of2.tsv", "3.0\t0:00:03\t1500.0\n")
    write(tmp_path, "infer/p.b.r[1].0.single.cccc.2of2.tsv", "2.0\t0:00:02\tNA\n")
    records = [
        record("score", "dddd", coverage="single", score="msp"),  # no file
        record("infer", "cccc", coverage="single"),
        record("train", "aaaa"),
        {"step": "train", "key": "bbbb", "wildcards": {**RUN, "recipe": "first"}},
        {"step": "prepare", "key": "eeee", "wildcards": {"dataset": "rooms"}},
    ]
    assert costs(records, ROW, 1000, tmp_path) == {
        "train": 60.5,
        "infer": 5.0,
        "megabytes": 1500.0,
        "points_per_second": 200.0,
    }
    assert costs([], ROW, 1000, tmp_path) == {}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "epoch,train_loss,val_miou,other\n1,0.5,nan,7\n2,0.25,0.5,7\n",
            {"train_loss": [0.5, 0.25], "val_miou": [None, 0.5]},
        ),
        ("epoch,train_loss\n", {}),
    ],
)
def test_history_has_none_of_what_was_not_measured(tmp_path: Path, text: str, expected: dict[str, Any]) -> None:
    (tmp_path / "history.csv").write_text(text)
    found = read_history(tmp_path / "history.csv")
    found.pop("epoch", None)
    assert found == expected
