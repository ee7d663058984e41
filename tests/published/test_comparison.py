"""Which published rows a table is held against."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.published.papers import paper_of, write_papers

from openworld3d.published.beside import Asked
from openworld3d.published.comparison import compared
from openworld3d.published.rows import read_rows

ROOT = Path(__file__).resolve().parents[2]
LAYOUTS = {"kitti": "semantickitti", "scans": "scannet", "rooms": "generated scannet"}
MSP = "closed_set_cylinder + msp_probability"


@pytest.fixture(autouse=True)
def _in_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def found(*methods: str, taught: list[list[str]] | None = None, **protocols: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what a table of some methods and protocols is held against, of the papers of published/."""
    return compared(Asked(protocols, LAYOUTS, [], taught or []), methods, ROOT / "published")


def test_rows_of_its_protocol_stand_beside_a_table_measured_or_not() -> None:
    rows = {row["published"]: row for row in found(MSP, a={"named": "real_semantickitti"})}
    assert {row["unlike"] for row in rows.values()} == {""}
    assert rows["MSP"]["ours"] == MSP
    assert rows["Upper bound"]["numbers"] == [["aupr_trapezoid", 73.6], ["auroc", 97.1], ["miou_all", 63.5]]
    assert (rows["REAL, the authors' run"]["sure"], rows["REAL"]["sure"]) == (True, False)
    assert rows["MSP"]["network"] == "cylinder3d"
    assert "DMLNet" not in rows  # to be entered by hand
    assert "github.com/Jun-CEN/semantic_kitti_api at bd918e4: verified" in rows["REAL, the authors' run"]["origin"]


def test_each_metric_that_a_column_may_be_is_compared() -> None:
    (row,) = found(a={"named": "pdf_scannet"})
    assert row["numbers"] == [
        ["aupr_scenes", 68.9],
        ["aupr", 68.9],
        ["auroc_scenes", 91.3],
        ["auroc", 91.3],
        ["miou_known", 64.5],
    ]


def test_protocol_that_names_none_is_told_by_what_it_says() -> None:
    keys = {"dataset": "scans", "unknown": ["chair", "door", "refrigerator", "toilet"], "train": ["train"]}
    named = found(a={"named": "pdf_scannet"})
    assert found(a={**keys, "evaluate": ["val"]}) == named
    assert found(a={**keys, "evaluate": ["test"]}) == []
    assert found(a={**keys, "evaluate": ["val"], "unknown": ["sofa"]}) == []


def test_generated_scenes_are_not_the_datasets() -> None:
    unknown = ["chair", "door", "refrigerator", "toilet"]
    assert found(a={"dataset": "rooms", "unknown": unknown, "train": ["train"], "evaluate": ["val"]}) == []


def test_same_method_of_another_protocol_on_the_same_scenes_is_told_apart() -> None:
    """REAL's MSP counts raw 99 as unknown; a method that no paper of that protocol has is not spoken of."""
    rows = found(MSP, a={"named": "semantickitti_other_vehicle"})
    assert [row["published"] for row in rows] == ["MSP"]
    assert rows[0]["unlike"].startswith("other-vehicle alone is not other-vehicle and 99: 85 % of the positives")
    assert found("mine + msp", a={"named": "semantickitti_other_vehicle"}) == []


def test_incremental_rows_are_of_the_classes_that_were_learned() -> None:
    novel = ["barrier", "construction_vehicle", "traffic_cone", "trailer"]
    metrics = {metric for row in found(a={"named": "real_nuscenes"}) for metric, _ in row["numbers"]}
    learned = {metric for row in found(taught=[novel], a={"named": "real_nuscenes"}) for metric, _ in row["numbers"]}
    assert learned - metrics == {"miou_old", "miou_novel"}


def test_row_of_a_paper_of_its_own(tmp_path: Path) -> None:
    row = {"status": "verified", "source": "table 1", "ours": "a + msp", "numbers": {"aupr": 50}}
    folder = write_papers(tmp_path, a=paper_of(row, backbone="Point Transformer"))
    assert compared(Asked({"p": {"named": "pdf_scannet"}}, LAYOUTS, [], []), ["a + msp"], folder) == [
        {
            "protocol": "p",
            "unlike": "",
            "published": "MSP",
            "backbone": "Point Transformer",
            "network": "point_transformer",
            "ours": "a + msp",
            "origin": "Any 2024, arXiv 2404.00979, table 1: verified",
            "sure": True,
            "numbers": [["aupr", 50]],
        }
    ]


def test_networks_of_rows_that_we_measure_exist() -> None:
    """By the names of papers, in the words of the config."""
    files = {path.stem for path in (ROOT / "workflow_scripts/openworld3d/backbones").glob("*.py")}
    measured = {row.backbone.lower().replace(" ", "_") for row in read_rows(ROOT / "published") if row.ours}
    assert measured <= files
