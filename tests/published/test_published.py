"""Every published number has a source and says how sure it is, and what it is held against exists."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from openworld3d.plugins import declared, plugin_names
from openworld3d.workflow.check_definitions import check_classes
from openworld3d.workflow.config import metric_names
from openworld3d.workflow.rows import rows_of_table

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted(path.stem for path in (ROOT / "published").glob("*.yaml"))


def read(file: str) -> Any:
    return yaml.safe_load((ROOT / file).read_text())


def mistakes(paper: dict[str, Any]) -> list[str]:
    """Return what the schema says against a paper's numbers."""
    return [error.message for error in Draft202012Validator(read("schemas/published.schema.yaml")).iter_errors(paper)]


@pytest.fixture(autouse=True)
def _in_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


@pytest.mark.parametrize("name", FILES)
def test_file_has_the_form(name: str) -> None:
    assert mistakes(read(f"published/{name}.yaml")) == []


NUMBER = {"source": "table 1", "numbers": {"aupr": 6.7}}
REFUSED: list[tuple[dict[str, Any], str]] = [
    (NUMBER, "'status' is a required property"),
    ({"status": "sure", **NUMBER}, "'sure' is not one of"),
    ({"status": "verified", "numbers": {"aupr": 6.7}}, "'source' is a required property"),
    ({"status": "from memory", "numbers": {"aupr": 6.7}}, "'source' is a required property"),
    ({"status": "verified", "source": "", "numbers": {"aupr": 6.7}}, "'' should be non-empty"),
    ({"status": "verified", "source": "table 1"}, "'numbers' is a required property"),
    ({"status": "verified", "source": "table 1", "numbers": {}}, "{} should be non-empty"),
    ({"status": "to be entered by hand", "numbers": {"aupr": 6.7}}, "False schema does not allow {'aupr': 6.7}"),
    ({"status": "verified", "source": "table 1", "numbers": {"aupr": 670}}, "670 is greater than"),
    ({"status": "verified", "source": "table 1", "numbers": {"acc": 6.7}}, "'acc' is not one of"),
]


def paper_of(row: dict[str, Any]) -> dict[str, Any]:
    """Return a paper with a table of one row."""
    table = {"dataset": "scannet", "unknown": ["sofa"], "backbone": "Any", "rows": [{"method": "MSP", **row}]}
    columns = {"aupr": ["aupr"]}
    return {"title": "Any", "venue": "Any 2024", "arxiv": "2404.00979", "columns": columns, "tables": [table]}


@pytest.mark.parametrize(
    "row",
    [{"status": "verified", **NUMBER}, {"status": "from memory", **NUMBER}, {"status": "to be entered by hand"}],
)
def test_row_is_taken(row: dict[str, Any]) -> None:
    assert mistakes(paper_of(row)) == []


@pytest.mark.parametrize(("row", "mistake"), REFUSED)
def test_row_is_refused(row: dict[str, Any], mistake: str) -> None:
    (found,) = mistakes(paper_of(row))
    assert mistake in found


@pytest.mark.parametrize("name", FILES)
def test_columns_are_metrics(name: str) -> None:
    paper = read(f"published/{name}.yaml")
    assert {metric for column in paper["columns"].values() for metric in column} <= set(metric_names())
    used = {column for table in paper["tables"] for row in table["rows"] for column in row.get("numbers", {})}
    assert used == set(paper["columns"])


@pytest.mark.parametrize("name", FILES)
def test_datasets_experiments_and_methods_exist(name: str) -> None:
    for table in read(f"published/{name}.yaml")["tables"]:
        assert table["dataset"] in plugin_names("datasets")
        check_classes(f"{name}.unknown", table["unknown"], declared("datasets", table["dataset"], "CLASSES"))
        methods = set()
        if "experiment" in table:
            experiment = read(f"experiments/{table['experiment']}.yaml")
            (protocol,) = experiment["tables"][table["experiment"]]["protocols"]
            measured = experiment["protocols"][protocol]
            assert experiment["datasets"][measured["dataset"]]["layout"] == table["dataset"]
            assert measured["unknown"] == table["unknown"]
            methods = {row["method"] for row in rows_of_table(experiment, table["experiment"])}
        assert {row["ours"] for row in table["rows"] if "ours" in row} <= methods
