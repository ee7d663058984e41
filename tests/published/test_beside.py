"""What a table shows below its line: the published rows of its own protocol, and why those of others are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.published.papers import paper_of, write_papers

from openworld3d.errors import UserError
from openworld3d.published.beside import Asked, beside
from openworld3d.published.comparison import compared

ROOT = Path(__file__).resolve().parents[2]
METRICS = ["aupr", "auroc", "fpr95", "miou_known", "miou_all"]
LAYOUTS = {"kitti": "semantickitti", "mini": "semantickitti", "rooms": "scannet"}


@pytest.fixture(autouse=True)
def _in_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def shown(*taught: list[str], metrics: list[str] = METRICS, **protocols: dict[str, Any]) -> dict[str, Any]:
    """Return what a table of some protocols shows of the papers of published/."""
    return beside(Asked(protocols, LAYOUTS, metrics, taught))


def test_table_of_no_named_protocol_shows_nothing() -> None:
    assert shown(a={"dataset": "kitti", "unknown": ["other-vehicle"]}) == {"rows": [], "notes": []}


def test_rows_stand_under_what_their_papers_call_their_columns() -> None:
    """AUPR by trapezoids and strict FPR95, mIoU over all classes; nothing of it is this project's miou_known."""
    rows = {row["method"].split(" [")[0]: row for row in shown(a={"named": "real_semantickitti"})["rows"]}
    assert rows["REAL, the authors' run"] == {
        "dataset": "semantickitti",
        "protocol": "a",
        "backbone": "Cylinder3D",
        "method": rows["REAL, the authors' run"]["method"],
        "numbers": {"aupr": "0.203", "auroc": "0.8525", "fpr95": "0.4677", "miou_all": "0.574"},
    }
    assert rows["MSP"]["numbers"] == {"aupr": "0.067?", "auroc": "0.740?", "miou_all": "0.580?"}
    assert "DMLNet" not in rows  # to be entered by hand


def test_number_of_another_definition_is_left_out() -> None:
    rows = shown(a={"named": "real_semantickitti", "ap": "step", "fpr95": "reached"})["rows"]
    assert not {"aupr", "fpr95"} & {metric for row in rows for metric in row["numbers"]}
    explicit = shown(metrics=["aupr_trapezoid"], a={"named": "real_semantickitti", "ap": "step"})["rows"]
    assert {metric for row in explicit for metric in row["numbers"]} == {"aupr_trapezoid"}


def test_objects_of_another_threshold_have_no_published_numbers() -> None:
    stu: dict[str, Any] = {"metrics": ["aupr", "object_pq"], "a": {"named": "stu_val"}}
    assert any("object_pq" in row["numbers"] for row in shown(**stu)["rows"])
    stu["a"]["objects"] = {"threshold": "trained"}
    found = shown(**stu)
    assert {metric for row in found["rows"] for metric in row["numbers"]} == {"aupr"}
    assert any("objects by threshold trained, not 0.5" in note for note in found["notes"])


def test_nor_are_they_compared(tmp_path: Path) -> None:
    def metrics_of(**keys: Any) -> set[str]:
        asked = Asked({"a": {"named": "stu_val", **keys}}, LAYOUTS, ["object_pq"], [])
        return {metric for row in compared(asked, []) for metric, _ in row["numbers"]}

    assert "object_pq" in metrics_of()
    found = metrics_of(objects={"threshold": 0.7})
    assert found
    assert not any(metric.startswith("object_") for metric in found)


def test_origin_and_certainty_are_said_once_for_the_rows_that_share_them() -> None:
    found = shown(a={"named": "stu_test"})
    methods = [row["method"] for row in found["rows"]]
    assert methods[:4] == ["LIDO [1]", "NDP, energy [2]", "NDP, extended energy [3]", "NDP, extended energy [2]"]
    assert found["notes"][:4] == [
        "Below the line: published under the same protocol, not measured here; ?: not verified.",
        "[1] CVPR 2026, arXiv 2604.23604, third-party notes on the paper: not verified; trained on SemanticKITTI.",
        "[2] CVPR 2026, arXiv 2604.09232, third-party notes on the paper: not verified; trained on STU 206, from a "
        "network of STU.",
        "[3] CVPR 2026, arXiv 2604.09232, the abstract: as read there; trained on STU 206, from a network of STU.",
    ]
    assert (
        "CVPR 2025, arXiv 2505.02148: All are trained on SemanticKITTI, Panoptic-CUDAL and STU 206." in found["notes"]
    )


def test_row_of_another_protocol_is_refused() -> None:
    found = shown(a={"named": "semantickitti_other_vehicle"})
    assert found["rows"] == []
    assert found["notes"][0] == (
        "Rows of real_semantickitti do not stand here: other-vehicle alone is not other-vehicle and 99: 85 % of the "
        "positives; step AUPR, not trapezoid: on a saturated softmax 0.131 by steps, 0.291 by trapezoids; FPR95 at a "
        "recall of at least 0.95, not at a recall above 0.95: the same unless many points tie at the threshold."
    )


def test_row_of_another_protocol_is_refused_whatever_the_paper(tmp_path: Path) -> None:
    """A paper prints numbers of two protocols beside one another; its table is entered as two."""
    row = {"status": "verified", "source": "table 1", "numbers": {"aupr": 50}}
    paper = paper_of(row, protocol="semantickitti_void")
    paper["tables"] += paper_of({**row, "method": "REAL"}, protocol="semantickitti_other_vehicle")["tables"]
    found = beside(Asked({"a": {"named": "semantickitti_void"}}, {}, METRICS, []), write_papers(tmp_path, a=paper))
    assert [(row["method"], row["numbers"]) for row in found["rows"]] == [("MSP [1]", {"aupr": "0.50"})]
    assert found["notes"][2:] == [
        "Rows of semantickitti_other_vehicle do not stand here: 52 and 99 are not other-vehicle: no positive in "
        "common; other-vehicle is 0.19 % of the points, 52 and 99 are 1.3 %."
    ]


def test_rows_of_other_data_are_not_spoken_of() -> None:
    assert not any(
        "stu_val" in note or "nuscenes" in note for note in shown(a={"named": "real_semantickitti"})["notes"]
    )


SPLITS = {"train": {"dataset": "mini", "splits": ["00"]}, "evaluate": {"dataset": "mini", "splits": ["04"]}}
SHORT = {"dataset": "mini", "train": ["00"], "evaluate": ["04"]}


@pytest.mark.parametrize("keys", [SPLITS, SHORT], ids=["splits of each", "one dataset"])
def test_what_an_experiment_changes_is_said_and_what_it_evaluates_decides(keys: dict[str, Any]) -> None:
    assert shown(a={"named": "real_semantickitti", **keys}) == {
        "rows": [],
        "notes": [
            "Protocol a is real_semantickitti but for this: evaluated on semantickitti 04, not on semantickitti 08; "
            "trained on semantickitti 00, not on semantickitti 00 to 10 (10 splits). So no published row of "
            "real_semantickitti stands here."
        ],
    }


def test_rows_stand_where_an_experiment_trains_on_other_data() -> None:
    found = shown(a={"named": "real_semantickitti", "dataset": "kitti", "train": ["00"], "evaluate": ["08"]})
    assert len(found["rows"]) == len(shown(a={"named": "real_semantickitti"})["rows"])
    assert (
        "Protocol a is real_semantickitti but for this: trained on semantickitti 00, not on semantickitti 00 to 10 "
        "(10 splits)."
    ) in found["notes"]


def test_dataset_of_the_config_is_its_layout() -> None:
    named = {"named": "real_semantickitti", "train": {"dataset": "kitti"}, "evaluate": {"dataset": "kitti"}}
    assert shown(a=named) == shown(a={"named": "real_semantickitti"})
    assert shown(a={"named": "real_semantickitti", "dataset": "kitti"}) == shown(a=named)


def test_changed_ids_are_another_evaluation() -> None:
    found = shown(a={"named": "stu_val", "range": [2.5, 30]})
    assert found["rows"] == []
    assert found["notes"] == [
        "Protocol a is stu_val but for this: points 2.5 to 30 m away, not 2.5 to 50 m away. So no published row of "
        "stu_val stands here."
    ]


def test_incremental_rows_stand_where_the_same_classes_are_learned() -> None:
    novel = ["barrier", "construction_vehicle", "traffic_cone", "trailer"]
    metrics = ["miou_all", "miou_novel", "miou_old"]
    named = {"named": "real_nuscenes"}
    last = shown([], novel[::-1], metrics=metrics, a=named)["rows"][-1]
    assert last["method"].startswith("REAL [")
    assert last["numbers"] == {"miou_all": "0.749?", "miou_novel": "0.622?", "miou_old": "0.791?"}
    for taught in ([], novel[:1]):
        rows = shown(taught, metrics=metrics, a=named)["rows"]
        assert {metric for row in rows for metric in row["numbers"]} == {"miou_all"}


def test_notes_on_a_table_stand_where_its_rows_do() -> None:
    novel = ["barrier", "construction_vehicle", "traffic_cone", "trailer"]
    disagree = "Two statements on the mIoU of the open-set table disagree."
    assert sum(disagree in note for note in shown(novel, a={"named": "real_nuscenes"})["notes"]) == 1
    assert not any(disagree in note for note in shown(metrics=["ece"], a={"named": "real_nuscenes"})["notes"])


def test_protocols_of_one_table_have_rows_each() -> None:
    found = shown(one={"named": "stu_val"}, other={"named": "stu_test"}, third={"dataset": "kitti"})
    assert {row["protocol"] for row in found["rows"]} == {"one", "other"}


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        (
            "real_semantikitti",
            "config: protocols.a.named says real_semantikitti, .* did you mean real_semantickitti; choose ",
        ),
        ("hgmm_semantickitti", "hgmm_semantickitti has no keys, as what is unknown in it was not found"),
    ],
)
def test_name_that_cannot_be_taken_is_a_sentence(name: str, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        shown(a={"named": name})
