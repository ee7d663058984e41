"""Every published number has a source, says how sure it is and by which protocol; what it is held against exists."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from tests.published.papers import paper_of, write_papers

from openworld3d.errors import UserError
from openworld3d.metrics.table import METRICS
from openworld3d.plugins import declared
from openworld3d.published.registry import read_registry
from openworld3d.published.rows import COLUMNS, MISSING, SURE, UNSURE, PublishedRow, read_rows
from openworld3d.workflow.config import read_config
from openworld3d.workflow.protocols import evaluated
from openworld3d.workflow.rows import rows_of_table
from openworld3d.workflow.schema import SCHEMA_FILE

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted(path.stem for path in (ROOT / "published").glob("*.yaml") if path.stem != "protocols")


def read(file: str) -> Any:
    return yaml.safe_load((ROOT / file).read_text())


SCHEMA = read("schemas/published.schema.yaml")


def mistakes(paper: dict[str, Any]) -> list[str]:
    """Return what the schema says against a paper's numbers."""
    return [error.message for error in Draft202012Validator(SCHEMA).iter_errors(paper)]


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
    ({"status": "notes", "numbers": {"aupr": 6.7}}, "'source' is a required property"),
    ({"status": "verified", "agree": 2, **NUMBER}, "'notes' was expected"),
    ({"status": "verified", "source": "", "numbers": {"aupr": 6.7}}, "'' should be non-empty"),
    ({"status": "verified", "source": "table 1"}, "'numbers' is a required property"),
    ({"status": "verified", "source": "table 1", "numbers": {}}, "{} should be non-empty"),
    ({"status": "to be entered by hand", "numbers": {"aupr": 6.7}}, "False schema does not allow {'aupr': 6.7}"),
    ({"status": "verified", "source": "table 1", "numbers": {"aupr": 670}}, "670 is greater than"),
    ({"status": "verified", "source": "table 1", "numbers": {"acc": 6.7}}, "'acc' is not one of"),
]


@pytest.mark.parametrize(
    "row",
    [
        {"status": "verified", **NUMBER},
        {"status": "from memory", **NUMBER},
        {"status": "notes", "agree": 2, **NUMBER},
        {"status": "to be entered by hand"},
    ],
)
def test_row_is_taken(row: dict[str, Any]) -> None:
    assert mistakes(paper_of(row)) == []


@pytest.mark.parametrize(("row", "mistake"), REFUSED)
def test_row_is_refused(row: dict[str, Any], mistake: str) -> None:
    (found,) = mistakes(paper_of(row))
    assert mistake in found


def test_row_without_a_protocol_is_refused() -> None:
    paper = paper_of({"status": "verified", **NUMBER})
    del paper["tables"][0]["protocol"]
    assert mistakes(paper) == ["'protocol' is a required property"]


@pytest.mark.parametrize("name", FILES)
def test_columns_are_metrics(name: str) -> None:
    paper = read(f"published/{name}.yaml")
    assert {metric for column in paper["columns"].values() for metric in column} <= {*METRICS}
    used = {column for table in paper["tables"] for row in table["rows"] for column in row.get("numbers", {})}
    assert used == set(paper["columns"])


def test_schema_has_the_columns_and_certainties_of_the_library() -> None:
    assert tuple(SCHEMA["$defs"]["column"]["enum"]) == COLUMNS
    assert SCHEMA["$defs"]["row"]["properties"]["status"]["enum"] == [*SURE, *UNSURE, MISSING]


@pytest.mark.parametrize("row", read_rows(ROOT / "published"), ids=lambda row: f"{row.protocol}, {row.method}")
def test_row_names_a_protocol_and_classes_of_its_dataset(row: PublishedRow) -> None:
    spec = read_registry(ROOT / "published").protocol(row.protocol, "a row").spec
    assert set(row.taught) <= set(spec.unknown)
    if row.iou is not None:
        assert set(row.iou) == set(declared("datasets", spec.evaluate.dataset, "CLASSES"))
        assert [row.iou[name] for name in spec.unknown] == [0] * len(spec.unknown)
        assert sum(row.iou.values()) / len(row.iou) == pytest.approx(row.numbers["miou"], abs=0.06)


@pytest.mark.parametrize("experiment", sorted({row.experiment for row in read_rows(ROOT / "published")} - {""}))
def test_experiments_and_methods_exist(experiment: str) -> None:
    rows = [row for row in read_rows(ROOT / "published") if row.experiment == experiment]
    config = read_config([ROOT / "config.yaml", ROOT / f"experiments/{experiment}.yaml"], ROOT / SCHEMA_FILE).plain()
    (name,) = config["tables"][experiment]["protocols"]
    (protocol,) = {row.protocol for row in rows}
    measured, spec = config["protocols"][name], read_registry(ROOT / "published").protocols[protocol].spec
    assert measured.get("named", protocol) == protocol
    assert config["datasets"][evaluated(config, name).dataset]["layout"] == spec.evaluate.dataset
    assert measured["unknown"] == list(spec.unknown)
    methods = {row["method"] for row in rows_of_table(config, experiment)}
    assert {row.ours for row in rows if row.ours} <= methods


def test_what_is_not_verified_is_marked() -> None:
    rows = {(row.protocol, row.method, row.status): row for row in read_rows(ROOT / "published")}
    assert rows["real_semantickitti", "REAL, the authors' run", "verified"].shown("aupr_trapezoid") == "0.203"
    assert rows["real_semantickitti", "REAL", "from memory"].shown("aupr_trapezoid") == "0.208?"
    assert rows["real_semantickitti", "REAL", "from memory"].shown("aupr") is None
    assert rows["stu_test", "NDP, extended energy", "abstract"].shown("aupr") == "0.6131"
    assert rows["stu_val", "Deep ensemble", "notes"].shown("aupr") == "0.0694?"
    assert rows["stu_val", "Deep ensemble", "notes"].certainty == "3 agree, not verified"
    assert rows["s3dis_closed", "Point Transformer", "confirmed"].shown("miou_known") == "0.704"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            {"protocol": "stu_vall"},
            r"a.yaml: tables.0.protocol says stu_vall, but there is no such protocol, did you mean stu_val; choose ",
        ),
        (
            {"rows": []},
            r"a.yaml: tables.0.rows: \[\] should be non-empty; correct it, as schemas/published.schema.yaml",
        ),
    ],
)
def test_mistake_in_a_file_is_a_sentence(tmp_path: Path, change: dict[str, Any], sentence: str) -> None:
    paper = paper_of({"status": "verified", **NUMBER})
    paper["tables"][0].update(change)
    with pytest.raises(UserError, match=sentence):
        read_rows(write_papers(tmp_path, a=paper))


def test_file_that_is_no_yaml_is_a_sentence(tmp_path: Path) -> None:
    folder = write_papers(tmp_path)
    (folder / "a.yaml").write_text("title: [")
    with pytest.raises(UserError, match=r"a.yaml: is not valid YAML .*; correct it"):
        read_rows(folder)
