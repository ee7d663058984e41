from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any, Callable

import pytest

ROW: dict[str, Any] = {
    "protocol": "p",
    "published": "REAL",
    "backbone": "Cylinder3D",
    "network": "cylinder3d",
    "ours": "real + redundancy",
    "origin": "Any 2022, table 1: verified",
    "sure": True,
    "unlike": "",
    "numbers": [["aupr_trapezoid", 20.3], ["auroc", 85.2]],
    "measured": [],
}
Show = Callable[..., list[str]]


@pytest.fixture
def show(command: Callable[..., None], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Show:
    """Return a function that prints some rows of table `t` and returns the lines."""

    def run(*rows: dict[str, Any]) -> list[str]:
        monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps({"table": "t", "rows": rows})))
        command("show_published")
        return capsys.readouterr().out.splitlines()

    return run


def write_seeds(folder: Path, *auprs: float | None) -> list[str]:
    """Write the metrics of a seed for each AUPR, and return their files and that of a seed that is not there."""
    paths = [folder / f"seed{number}.json" for number in range(len(auprs) + 1)]
    for path, aupr in zip(paths, auprs):
        path.write_text(json.dumps({"points": 7, "aupr_trapezoid": aupr, "auroc": 0.9}))
    return [str(path) for path in paths]


def test_each_number_has_its_seeds_and_verdict(show: Show, tmp_path: Path) -> None:
    measured = write_seeds(tmp_path, 0.2, 0.21, 0.22)
    lines = show({**ROW, "measured": measured}, {**ROW, "published": "MSP", "sure": False, "measured": measured})
    assert lines[2:6] == [
        "| p | REAL [1], Cylinder3D | real + redundancy | aupr_trapezoid | 20.3 | 21.00 ± 1.00 | 3 | +0.70 | "
        "within the spread of seeds |",
        "| p | REAL [1], Cylinder3D | real + redundancy | auroc | 85.2 | 90.00 ± 0.00 | 3 | +4.80 | "
        "outside the spread of seeds |",
        "| p | MSP [1], Cylinder3D | real + redundancy | aupr_trapezoid | 20.3 | 21.00 ± 1.00 | 3 | +0.70 | "
        "not verified |",
        "| p | MSP [1], Cylinder3D | real + redundancy | auroc | 85.2 | 90.00 ± 0.00 | 3 | +4.80 | not verified |",
    ]
    assert lines[-1] == "- [1] Any 2022, table 1: verified."


def test_seed_whose_metric_is_not_defined_does_not_count(show: Show, tmp_path: Path) -> None:
    lines = show({**ROW, "measured": write_seeds(tmp_path, 0.2, None)})
    assert lines[2].endswith("| 20.3 | 20.00 | 1 | -0.30 | one seed, which has no spread |")


def test_what_was_not_measured_is_told(show: Show, tmp_path: Path) -> None:
    lines = show({**ROW, "measured": write_seeds(tmp_path)}, {**ROW, "ours": ""})
    assert lines[2].endswith("| 20.3 |  | 0 |  | not measured |")
    assert lines[-1] == (
        "- Nothing of table t has been measured with this config and code: snakemake without `published` measures it."
    )


def test_another_protocol_is_told_with_the_difference(show: Show, tmp_path: Path) -> None:
    measured = write_seeds(tmp_path, 0.2, 0.21)
    lines = show({**ROW, "unlike": "door is not sofa", "measured": measured})
    assert lines[2].endswith("| +0.20 | another protocol |")
    assert lines[-1] == "- Another protocol than p: door is not sofa."


def test_table_without_papers_is_a_sentence(show: Show) -> None:
    assert show() == ["Table t: no number of published/ is on the scenes that its protocols evaluate."]
