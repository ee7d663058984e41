"""A network is trained on one dataset and evaluated on another, by labels that only the protocol gives its points."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any, Callable

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, confusion_matrix, roc_auc_score
from tests.datasets.test_folder import write_npz
from tests.datasets.test_semantickitti import write_scan
from tests.pipeline.conftest import Project, edited, make_tiny
from tests.pipeline.edits import code, value
from tests.pipeline.planned import planned
from tests.pipeline.test_reruns import LIBRARY, TABLE, Jobs

RUN = "results/runs/{}/stratified_small/closed_set/seed0/current"
# Raw ids of the evaluated scans: void, inlier, anomaly, car, road, vegetation and other-structure.
RAW = np.repeat([0, 1, 2, 10, 40, 70, 52], 60)
NEAR, FAR = 2.5, 6.0
NAMES = ("streets", "names")


def two_datasets(config: dict[str, Any]) -> None:
    """Train on scans of SemanticKITTI or a folder, evaluate on one of STU or on a folder of other classes."""
    make_tiny(config)
    folder = {"layout": "folder", "label": "classification", "intensity_full": 3000, "void": [1]}
    config["datasets"] = {
        "kitti": {"layout": "semantickitti", "root": "kitti"},
        "stu": {"layout": "stu", "root": "stu"},
        "ours": {**folder, "root": "ours", "classes": {"ground": [2], "tree": [4, 5], "roof": [6]}},
        "theirs": {**folder, "root": "theirs", "classes": {"lawn": [2], "bush": [5], "car": [6]}},
    }
    for name, split in (("ours", "train"), ("theirs", "val")):
        config["datasets"][name]["splits"] = {split: ["*"]}
    config["protocols"] = {
        "streets": {
            "train": {"dataset": "kitti", "splits": ["00"]},
            "evaluate": {"dataset": "stu", "splits": ["125"]},
            "unknown": [],
            "unknown_raw_ids": [2],
            "inlier_raw_ids": [1, 52],
            "void_raw_ids": [70],
            "unknown_points": "ignore",
            "range": [NEAR, FAR],
            "min_unknown_points": 5,
            "objects": {"threshold": "trained"},
            "fpr95": "strict",
        },
        "names": {
            "train": {"dataset": "ours", "splits": ["train"]},
            "evaluate": {"dataset": "theirs", "splits": ["val"]},
            "class_map": {"lawn": "ground", "bush": "tree"},
            "unknown": ["car"],
            "unknown_points": "ignore",
            "ap": "trapezoid",
            "pool": "scenes",
        },
    }
    config["tables"] = {
        "rooms": {
            **config["tables"]["rooms"],
            "protocols": list(NAMES),
            "methods": {"closed_set": ["msp"]},
            "metrics": ["aupr", "auroc", "fpr95", "miou_known", "miou_all", "object_tp", "object_fp", "object_fn"],
        }
    }


def write_datasets(root: Path) -> None:
    """Write a scan or a cloud of each dataset; of STU two, one of which has no anomaly in range."""
    generator = np.random.default_rng(0)
    points = np.c_[generator.uniform(-4, 4, (len(RAW), 3)), generator.uniform(0, 1, len(RAW))]
    write_scan(root / "kitti", 0.9 * points, np.where(RAW < 3, 40, RAW))  # the same points would be a copy
    write_scan(root / "stu", points, RAW + ((RAW == 2) << 16), "000003", "125")
    points[RAW == 2] *= 0.01
    write_scan(root / "stu", points, RAW, "000004", "125")
    for name in ("ours", "theirs"):
        (root / name).mkdir()
        write_npz(root / name / "yard.npz", generator.uniform(0, 4, (400, 3)), np.tile([2, 5, 6, 1], 100))


@pytest.fixture(scope="module")
def evaluated(finished: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return the pipeline after it has evaluated both protocols."""
    project = Project.with_checks_of(finished, tmp_path_factory.mktemp("two"))
    project.edit_config(two_datasets)
    write_datasets(project.folder)
    done = project.snakemake()
    assert done.returncode == 0, done.stdout
    return project


def scores_of(project: Project, protocol: str, scene: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the score and the predicted column of each point."""
    folder = project.folder / RUN.format(protocol) / "single"
    with np.load(folder / f"msp/scores/1of1/{scene}.npz") as scores:
        score = scores["score"]
    with np.load(folder / f"outputs/1of1/{scene}.npz") as outputs:
        return score[outputs["inverse"]], outputs["logits"].argmax(1)[outputs["inverse"]]


def test_points_count_as_the_protocol_says(evaluated: Project) -> None:
    row = next(csv.DictReader(evaluated.read("results/tables/rooms.csv").splitlines()))
    assert (row["dataset"], row["protocol"]) == ("stu", "streets")
    scan = np.fromfile(evaluated.folder / "stu/125/velodyne/000003.bin", "<f4").reshape(-1, 4)
    distance = np.linalg.norm(scan[:, :3], axis=1)
    counted = (distance >= NEAR) & (distance <= FAR) & ~np.isin(RAW, [0, 70])
    score, predicted = scores_of(evaluated, "streets", "125_000003")
    assert int(row["points"]) == counted.sum()
    unknown = RAW[counted] == 2
    assert float(row["auroc"]) == pytest.approx(roc_auc_score(unknown, score[counted]), abs=1e-9)
    assert float(row["aupr"]) == pytest.approx(average_precision_score(unknown, score[counted]), abs=1e-9)
    metrics = json.loads(evaluated.read(f"{RUN.format('streets')}/single/msp/metrics.json"))
    assert float(row["fpr95"]) == metrics["fpr95_strict"]
    # Inliers of no class are in no IoU; unknown points are, as errors of what is predicted there.
    labelled = counted & np.isin(RAW, [2, 10, 40])
    column = np.select([RAW == 10, RAW == 40], [0, 8], 19)  # car, road, none
    table = confusion_matrix(column[labelled], predicted[labelled], labels=range(20))
    union = table.sum(0) + table.sum(1) - np.diag(table)
    iou = np.diag(table)[[0, 8]] / union[[0, 8]]
    assert float(row["miou_known"]) == pytest.approx(iou.mean())
    assert float(row["miou_all"]) == pytest.approx(iou.sum() / (union[:19] > 0).sum())
    assert float(row["object_tp"]) + float(row["object_fn"]) == 1
    manifest = json.loads(evaluated.read("results/evaluation/streets/125/current/labels/manifest.json"))
    assert manifest["skipped"] == ["125_000004"]


def test_classes_of_other_names_are_those_that_the_network_knows(evaluated: Project) -> None:
    *_, row = csv.DictReader(evaluated.read("results/tables/rooms.csv").splitlines())
    assert (row["dataset"], row["protocol"], row["points"]) == ("theirs", "names", "300")
    score, predicted = scores_of(evaluated, "names", "yard")
    raw = np.tile([2, 5, 6, 1], 100)
    assert float(row["auroc"]) == pytest.approx(roc_auc_score(raw[raw != 1] == 6, score[raw != 1]), abs=1e-9)
    table = confusion_matrix(raw[raw != 1], np.array([2, 5, 99])[predicted][raw != 1], labels=[2, 5, 6, 99])
    union = table.sum(0) + table.sum(1) - np.diag(table)
    assert float(row["miou_known"]) == pytest.approx((np.diag(table) / union)[:2].sum() / 2)
    metrics = json.loads(evaluated.read(f"{RUN.format('names')}/single/msp/metrics.json"))
    assert float(row["aupr"]) == metrics["aupr_trapezoid_scenes"] != metrics["aupr"]
    assert "In protocol names, aupr is mean aupr_trapezoid over" in evaluated.read("results/tables/rooms.md")


def test_training_reads_nothing_of_what_is_evaluated(evaluated: Project) -> None:
    """Other labels, other points: the same weights stand."""
    for protocol, dataset in (("streets", "stu"), ("names", "theirs")):
        record = json.loads(evaluated.read(f"{RUN.format(protocol)}/weights.provenance.json"))
        assert not [path for path in record["inputs"] if f"results/scenes/{dataset}/" in path]
    assert {"train", "sample_training"} & set(planned_with(evaluated, poison)) == set()


def poison(project: Project) -> None:
    """Replace every evaluated scan by another."""
    scan = project.folder / "stu/125/velodyne/000003.bin"
    scan.write_bytes(np.fromfile(scan, "<f4").reshape(-1, 4)[::-1].tobytes())
    write_npz(project.folder / "theirs/yard.npz", np.random.default_rng(1).uniform(0, 4, (8, 3)), np.full(8, 5))


def planned_with(project: Project, edit: Callable[[Project], None]) -> Jobs:
    with edited(project, edit):
        return planned(project.folder)


SCORE: Jobs = {"score": 1, "export_clouds": 1, "measure": 1, **TABLE}
LABEL: Jobs = {"label_evaluation": 1, "check_protocol": 1, **SCORE}
EDITS: dict[str, tuple[Callable[[Project], None], Jobs]] = {
    "range": (value("protocols.streets.range", [2.5, 7]), LABEL),
    "least unknown points": (value("protocols.streets.min_unknown_points", 4), LABEL),
    "inliers": (value("protocols.streets.inlier_raw_ids", [1]), LABEL),
    "order of the inliers": (value("protocols.streets.inlier_raw_ids", [52, 1]), {}),
    "void ids": (value("protocols.streets.void_raw_ids", []), LABEL),
    "unknown ids": (value("protocols.streets.unknown_raw_ids", [2, 99]), LABEL),
    "class map": (value("protocols.names.class_map", {"lawn": "ground", "bush": "void"}), LABEL),
    "threshold of objects": (value("protocols.streets.objects", {"threshold": -0.5}), SCORE),
    "radius of objects": (value("protocols.streets.objects", {"threshold": "trained", "eps": 0.5}), SCORE),
    "radius of objects that is the default": (
        value("protocols.streets.objects", {"threshold": "trained", "eps": 1}),
        {},
    ),
    "what papers call fpr95": (value("protocols.streets.fpr95", "nearest"), TABLE),
    "what papers call aupr": (value("protocols.names.ap", "step"), TABLE),
    "pooling": (value("protocols.names.pool", "points"), TABLE),
    "splits to validate on": (
        value("protocols.streets.validate", {"dataset": "kitti", "splits": ["00"]}),
        {},
    ),
    "command that labels": (
        code("workflow_scripts/label_evaluation.py"),
        {name: 2 * count for name, count in LABEL.items()} | TABLE,
    ),
    "points that count": (
        code(f"{LIBRARY}/protocols/counted.py"),
        {name: 2 * count for name, count in LABEL.items()} | TABLE,
    ),
}


@pytest.mark.parametrize("name", EDITS)
def test_edit_reruns_exactly(evaluated: Project, name: str) -> None:
    edit, expected = EDITS[name]
    assert planned_with(evaluated, edit) == expected
