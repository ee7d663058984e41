"""Each difference of two protocols is a clause, with what is known to follow from it."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from openworld3d.published.differences import CLAUSES, DEFINED, EVALUATED, TRAINED, differences, listed
from openworld3d.published.registry import Data, Remark, Spec, read_registry

ROOT = Path(__file__).resolve().parents[2]
REGISTRY = read_registry(ROOT / "published")
NAMED = {name: one for name, one in REGISTRY.protocols.items() if one.keys}
BASE = Spec(Data("semantickitti", ("08",)), Data("semantickitti", ("00",)), unknown=("other-vehicle",))
OBJECTS = {"iou": 0.5, "min_points": 5, "eps": 1.0, "min_samples": 1, "threshold": 0.5}


@pytest.fixture(autouse=True)
def _in_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def between(one: str, other: str, *kinds: str) -> list[str]:
    """Return what keeps two named protocols apart."""
    return differences(NAMED[one].spec, NAMED[other].spec, REGISTRY.remarks, kinds or EVALUATED)


@pytest.mark.parametrize(
    ("one", "other", "clause"),
    [
        (
            "semantickitti_other_vehicle",
            "real_semantickitti",
            "other-vehicle alone is not other-vehicle and 99: 85 % of the positives",
        ),
        (
            "real_semantickitti",
            "semantickitti_other_vehicle",
            "other-vehicle and 99 are not other-vehicle alone: 85 % of the positives",
        ),
        (
            "semantickitti_other_vehicle",
            "semantickitti_void",
            "other-vehicle is not 52 and 99: no positive in common; other-vehicle is 0.19 % of the points, 52 and 99 "
            "are 1.3 %",
        ),
        ("pointcam_s3dis_1", "pointcam_s3dis_3", "sofa alone is not chair, sofa and table"),
        ("pdf_s3dis", "s3dis_closed", "with sofa and window unknown, not with nothing unknown"),
        ("s3dis_closed", "pdf_s3dis", "with nothing unknown, not with sofa and window unknown"),
        (
            "nuscenes_ood_single",
            "nuscenes_ood_multi",
            "evaluated on nuscenes_kitti val of nuScenes-OoD (single), not on nuscenes_kitti val of nuScenes-OoD "
            "(multi)",
        ),
    ],
)
def test_named_protocols_on_the_same_data(one: str, other: str, clause: str) -> None:
    assert between(one, other) == [clause]


def test_other_data_are_named_and_many_splits_counted() -> None:
    assert between("semantickitti_other_vehicle", "stu_val")[:2] == [
        "evaluated on semantickitti 08, not on stu 125 to 169 (19 splits)",
        "other-vehicle is not 2",
    ]


def test_other_data_in_the_same_layout_are_other_data() -> None:
    assert between("semantickitti_other_vehicle", "semantickitti_ood_single")[:3] == [
        "evaluated on semantickitti 08, not on semantickitti 08 of SemanticKITTI-OoD (single)",
        "other-vehicle is not 2",
        "1, 52 and 99 void, not inliers",
    ]


@pytest.mark.parametrize("one", NAMED)
def test_two_names_are_two_protocols(one: str) -> None:
    """And what keeps them apart does not depend on which of them is asked."""
    for other in NAMED:
        found = [differences(NAMED[a].spec, NAMED[b].spec) for a, b in ((one, other), (other, one))]
        assert bool(found[0]) == (one != other)
        assert len(found[0]) == len(found[1])


CHANGES: list[tuple[dict[str, Any], str]] = [
    ({"evaluate": Data("semantickitti", ("04",))}, "evaluated on semantickitti 08, not on semantickitti 04"),
    ({"train": Data("streets", ("00", "01"))}, "trained on semantickitti 00, not on streets 00, 01"),
    ({"train": None}, "trained on semantickitti 00, not on nothing"),
    ({"unknown": ("car", "other-vehicle")}, "other-vehicle alone is not car and other-vehicle"),
    ({"unknown_raw_ids": (99,)}, "other-vehicle alone is not other-vehicle and 99"),
    ({"inlier_raw_ids": (1, 52, 99)}, "1, 52 and 99 void, not inliers"),
    ({"void_raw_ids": (10, 252)}, "10 and 252 known, not void"),
    (
        {"unknown_points": "remove"},
        "unknown training points left without labels, not removed",
    ),
    ({"class_map": {"truck": "car", "car": "car"}}, "truck taken for truck, not car"),
    ({"range": (2.5, 50)}, "points at any distance, not 2.5 to 50 m away"),
    ({"min_unknown_points": 5}, "all scenes, not scenes of 5 unknown points or more"),
    ({"ap": "trapezoid"}, "step AUPR, not trapezoid"),
    ({"fpr95": "nearest"}, "FPR95 at a recall of at least 0.95, not at the recall nearest to 0.95"),
    ({"pool": "scenes"}, "all points pooled, not means over scenes"),
    ({"objects": OBJECTS}, "objects not counted"),
]


@pytest.mark.parametrize(("change", "clause"), CHANGES, ids=[next(iter(change)) for change, _ in CHANGES])
def test_each_field_has_its_clause(change: dict[str, Any], clause: str) -> None:
    assert differences(BASE, replace(BASE, **change)) == [clause]


def test_every_field_of_a_protocol_is_compared() -> None:
    """The lists of raw ids are two clauses; what to look at while training is one once both protocols say it."""
    joined = {"data", "unknown_raw_ids", "inlier_raw_ids", "void_raw_ids"}
    assert (
        {*CLAUSES} == {*EVALUATED, *DEFINED, *TRAINED} == {field.name for field in fields(Spec)} - joined | {"labels"}
    )
    one, other = (replace(BASE, validate=Data("semantickitti", (split,))) for split in ("03", "04"))
    assert differences(one, other) == ["validated on semantickitti 03, not on semantickitti 04"]
    assert differences(BASE, other) == []


def test_what_says_the_same_is_no_difference() -> None:
    one = replace(BASE, train=Data("semantickitti", ("00", "01")), void_raw_ids=(0, 1, 52, 99))
    other = replace(
        BASE, train=Data("semantickitti", ("01", "00")), unknown=(), unknown_raw_ids=(259, 13, 16, 20, 256, 257)
    )
    assert differences(one, other) == []


def test_objects_differ_key_by_key() -> None:
    one, other = (replace(BASE, objects={**OBJECTS, "threshold": threshold}) for threshold in (0.5, "trained"))
    assert differences(one, other) == ["objects by threshold 0.5, not trained"]


def test_many_splits_that_are_as_many_are_listed() -> None:
    one, other = (replace(BASE, train=Data("a", ("1", split, "3", "4", "5"))) for split in ("2", "2b"))
    assert differences(one, other) == ["trained on a 1, 2, 3, 4, 5, not on a 1, 2b, 3, 4, 5"]


def test_remark_stands_in_either_order_and_on_its_dataset_alone() -> None:
    remarks = [Remark("ap", ("trapezoid", "step"), "much"), Remark("pool", ("points", "scenes"), "more", "scannet")]
    other = replace(BASE, ap="trapezoid", pool="scenes")
    assert differences(BASE, other, remarks) == [
        "step AUPR, not trapezoid: much",
        "all points pooled, not means over scenes",
    ]
    assert differences(other, BASE, remarks)[0] == "trapezoid AUPR, not step: much"


@pytest.mark.parametrize("remark", REGISTRY.remarks, ids=lambda remark: remark.says)
def test_every_remark_is_made_on_some_two_protocols(remark: Remark) -> None:
    specs = [one.spec for one in NAMED.values()]
    clauses = [clause for one in specs for other in specs for clause in differences(one, other, [remark])]
    assert any(clause.endswith(f": {remark.says}") for clause in clauses)


@pytest.mark.parametrize(
    ("names", "text"),
    [([], ""), ([99], "99"), (["b", 99, 100, "a"], "a, b, 99 and 100"), ({"x", "9"}, "x and 9")],
)
def test_names_are_listed(names: Any, text: str) -> None:
    assert listed(names) == text
