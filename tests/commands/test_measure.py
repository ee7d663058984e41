from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any, Callable

import numpy as np
import pytest
from tests.commands.conftest import write_manifest, write_outputs, write_scores

from openworld3d.errors import UserError
from openworld3d.metrics.statistics import Points, Statistics, merge, of_no_scene, of_scene, save
from openworld3d.scenes.scene import VOID, Scene, save_scene

CLASSES = ["wall", "sofa", "lamp", "desk"]
LABEL = np.array([0, 0, 0, 2, 2, 1, 1], np.uint8)
PREDICTION = np.array([0, 0, 0, 0, 2, 2, 0], np.uint8)
SCORE = np.array([1, 2, 0, 3, 4, 9, 3.5], np.float32)
KNOWN = [0, 2, 3]
NEVER = float("nan")
Measure = Callable[..., Any]


def hall(prediction: np.ndarray = PREDICTION, score: np.ndarray = SCORE, name: str = "hall") -> Statistics:
    """Five points of walls and lamps, two of sofas, none of desks."""
    return of_scene(name, CLASSES, KNOWN, Points(LABEL, prediction, score, -score), 32, 3.0)


@pytest.fixture
def measure(tmp_path: Path, command: Callable[..., None]) -> Measure:
    """Return `measure(statistics, unknown...)`, which returns the metrics."""

    def run(
        of_shards: Statistics | list[Statistics], *unknown: str, before: Statistics | None = None, **changed: Any
    ) -> Any:
        shards = of_shards if isinstance(of_shards, list) else [of_shards]
        paths = [tmp_path / f"statistics/{number}.npz" for number in range(len(shards))]
        for path, each in zip(paths, shards):
            save(path, each)
        if before:
            save(tmp_path / "before.npz", before)
        config = {"unknown": unknown, "taught": changed.get("taught", []), "replicates": 20}
        config.update(beyond=changed.get("beyond", []), inliers=changed.get("inliers", []))
        options = ["--before", *([tmp_path / "before.npz"] if before else [])]
        for option, otherwise in (("scores", []), ("outputs", []), ("scenes", ["none.json"])):
            options += [f"--{option}", *changed.get(option, otherwise)]
        out = tmp_path / "metrics.json"
        targets = ["--out", out, "--replicates", tmp_path / "replicates.npz"]
        command("measure", "--config", json.dumps(config), "--statistics", *paths, *options, *targets)
        return json.loads(out.read_text())

    return run


def test_metrics_by_hand(measure: Measure) -> None:
    metrics = measure(hall(), "sofa")
    expected = {
        "points": 7,
        "unknown_points": 2,
        "prevalence": 2 / 7,
        "aupr": (1 + 2 / 3) / 2,
        "aupr_trapezoid": (1 + (1 / 2 + 2 / 3) / 2) / 2,
        "aupr_scenes": (1 + 2 / 3) / 2,
        "lift": (1 + 2 / 3) / 2 / (2 / 7),
        # Sofas weigh 5 / 19 of 2.5 points each, so that they are 5 % of all.
        "aupr_standard": (1 + 2 * (5 / 38) / (2 * (5 / 38) + 1)) / 2,
        "auroc": 9 / 10,
        "auroc_scenes": 9 / 10,
        "fpr95": 1 / 5,
        "fpr95_strict": 1 / 5,
        "fpr95_nearest": 1 / 5,
        **dict.fromkeys(["fpr95_scenes", "fpr95_strict_scenes", "fpr95_nearest_scenes"], 1 / 5),
        "aupr_trapezoid_scenes": (1 + (1 / 2 + 2 / 3) / 2) / 2,
        "miou_known": (3 / 5 + 1 / 3) / 2,
        "miou_all": (3 / 5 + 1 / 3 + 0) / 3,
        "miou_present": (3 / 5 + 1 / 3 + 0) / 3,
        "miou_old": (3 / 5 + 1 / 3) / 2,
        "accuracy": 4 / 7,
        # Above 3: one lamp, told right, and both sofas.
        "miou_open": (3 / 4 + 0 + 2 / 3) / 3,
        "iou_unknown": 2 / 3,
        # Of the five known points the lamp with the second highest score is wrong.
        "risk": (0 + 0 + 0 + 1 / 4 + 1 / 5) / 5,
    }
    assert {name: metrics[name] for name in expected} == pytest.approx(expected, abs=1e-9)
    assert metrics["miou_novel"] is metrics["forgetting"] is None
    assert metrics["iou"] == {"wall": pytest.approx(3 / 5), "sofa": 0, "lamp": pytest.approx(1 / 3), "desk": None}
    assert metrics["by_unknown"]["sofa"]["auroc"] == pytest.approx(9 / 10)
    assert metrics["by_known"]["lamp"]["between"]["auroc"] == pytest.approx([3 / 4] * 2)
    assert metrics["by_known"]["lamp"] == {
        "between": metrics["by_known"]["lamp"]["between"],
        "unknown_points": 2,
        "known_points": 2,
        "aupr": pytest.approx((1 + 2 / 3) / 2),
        "auroc": pytest.approx(3 / 4),
        "fpr95": pytest.approx(1 / 2),
        "flagged": pytest.approx(1 / 2),
    }
    assert metrics["by_known"]["wall"]["auroc"] == 1
    assert metrics["by_known"]["desk"]["auroc"] is None
    assert metrics["by_scene"]["hall"]["unknown_points"] == 2
    assert metrics["bootstrap"]["auroc"] == [None, None]  # one scene


def test_points_of_no_class_count_in_no_iou(measure: Measure) -> None:
    """Lamps are inliers: one of them predicted as a wall takes nothing from the IoU of walls."""
    metrics = measure(hall(), "sofa", beyond=["lamp"], inliers=["lamp"])
    assert metrics["iou"]["lamp"] is None
    assert metrics["miou_known"] == metrics["iou"]["wall"] == pytest.approx(3 / 4)


def test_step_that_learns_by_hand(measure: Measure) -> None:
    """Sofas are learned: both are now recognised, one lamp and one wall fewer than before."""
    prediction = np.array([0, 0, 1, 1, 2, 1, 1], np.uint8)
    metrics = measure(hall(prediction, np.arange(7, dtype=np.float32)), "sofa", before=hall(), taught=["sofa"])
    before = (3 / 5 + 1 / 3) / 2
    assert metrics["miou_old"] == pytest.approx((2 / 3 + 1 / 2) / 2)
    assert metrics["miou_novel"] == pytest.approx(2 / 4)
    assert metrics["miou_known"] == pytest.approx((2 / 3 + 1 / 2 + 2 / 4) / 3)
    assert metrics["forgetting"] == pytest.approx(before - (2 / 3 + 1 / 2) / 2)
    assert metrics["aupr"] is None  # nothing is unknown any more


def test_nothing_is_said_of_predictions_that_there_are_not(measure: Measure) -> None:
    points = Points(np.array([0, 1, 2], np.uint8), np.full(3, VOID, np.uint8), np.array([1, 3, 2], np.float32))
    metrics = measure(of_scene("hall", CLASSES, [], points, 32, NEVER), "sofa")
    assert metrics["auroc"] == 1
    assert {metrics[name] for name in ("miou_known", "miou_all", "miou_open", "accuracy", "ece", "risk")} == {None}
    assert set(metrics["iou"].values()) == {None}


def test_ranking_without_known_points_is_null(measure: Measure) -> None:
    point = np.ones(1, np.uint8)
    points = Points(point, 0 * point, point.astype(np.float32))
    metrics = measure(of_scene("hall", ["wall", "sofa"], [0], points, 32, NEVER), "sofa")
    assert metrics["prevalence"] == 1
    assert {metrics[name] for name in ("aupr", "aupr_trapezoid", "auroc", "fpr95", "fpr95_strict")} == {None}


def test_intervals_come_from_the_scenes(tmp_path: Path, measure: Measure) -> None:
    """In one scene the sofas are found, in the other they are not."""
    poor = hall(score=-SCORE, name="cellar")
    metrics = measure(merge([hall(), poor]), "sofa")
    low, high = metrics["bootstrap"]["auroc"]
    assert low == pytest.approx(0.1, abs=1e-9)  # draws of the cellar alone
    assert high == pytest.approx(0.9, abs=1e-9)
    assert metrics["bootstrap"]["miou_known"] == pytest.approx([metrics["miou_known"]] * 2)
    with np.load(tmp_path / "replicates.npz") as arrays:
        assert arrays["scenes"].tolist() == ["cellar", "hall"]
        assert arrays["auroc"].shape == (3, 20)
        assert set(np.round(arrays["auroc"][1], 6).tolist()) <= {0.1, 0.9, round(metrics["auroc"], 6)}


def test_statistics_of_shards_are_added(measure: Measure) -> None:
    shards = [hall(name="cellar"), of_no_scene(CLASSES, 32, 3.0), hall()]
    assert measure(shards, "sofa") == measure(merge(shards), "sofa")


def test_objects_by_hand_with_their_threshold(measure: Measure) -> None:
    """Two scenes: a match of IoU 3/4 and an object missed, a match of 1/1 and two false alarms."""
    points = Points(LABEL, PREDICTION, SCORE, -SCORE)
    counts = {"hall": [3 * 2**30, 1, 0, 1], "attic": [2**32, 1, 2, 0]}
    shards = [
        of_scene(name, CLASSES, KNOWN, points, 32, 3.0, np.array(objects), 0.5) for name, objects in counts.items()
    ]
    metrics = measure(shards, "sofa")
    expected = {"sq": 7 / 8, "recallq": 2 / 3, "uq": 7 / 12, "rq": 4 / 7, "pq": 1 / 2, "tp": 2, "fp": 2, "fn": 1}
    assert {name: metrics[f"object_{name}"] for name in expected} == pytest.approx(expected)
    assert metrics["object_threshold"] == 0.5
    low, high = metrics["bootstrap"]["object_sq"]
    assert 3 / 4 == low < high == 1  # draws of the hall alone, of the attic alone
    assert measure(hall(), "sofa")["object_threshold"] is None


def test_shards_without_a_scene_are_refused(measure: Measure) -> None:
    with pytest.raises(UserError, match="statistics: no shard has a scene, expected one or more; evaluate splits"):
        measure([of_no_scene(CLASSES, 32, 3.0)] * 2, "sofa")


def test_scores_are_ranked_exactly_where_bins_are_coarse(tmp_path: Path, measure: Measure) -> None:
    """Eight bits leave sofas and lamps in one bin; the points tell them apart."""
    score = SCORE.copy()
    score[[3, 4, 5, 6]] = [8.1, 8.3, 8.4, 8.2]
    coarse = of_scene("hall", CLASSES, KNOWN, Points(LABEL, PREDICTION, score, -score), 8, NEVER)
    bounded = measure(coarse, "sofa")
    assert bounded["between"]["auroc"][0] < bounded["between"]["auroc"][1]
    scene = Scene(np.zeros((8, 3), np.float32), np.append(LABEL, VOID).astype(np.uint8), np.full(8, -1, np.int32))
    save_scene(tmp_path / "val/hall.npz", scene)
    scenes = write_manifest(tmp_path / "val", {"classes": CLASSES, "scenes": [{"name": "hall", "points": 8}]})
    scores = write_scores(tmp_path / "scores", {"hall": np.append(score, np.float32(99))})
    outputs = write_outputs(tmp_path / "outputs", {"hall": np.zeros((8, 2), np.float32)})
    exact = measure(coarse, "sofa", scores=[scores], outputs=[outputs], scenes=[scenes])
    assert exact["auroc"] == pytest.approx(9 / 10)
    assert exact["aupr"] == pytest.approx((1 + 2 / 3) / 2)
    assert exact["between"]["auroc"] == [exact["auroc"]] * 2
    assert exact["by_scene"]["hall"] == {
        "points": 7,
        "unknown_points": 2,
        **{name: exact[name] for name in ("aupr", "auroc", "fpr95")},
    }
    assert bounded["by_scene"]["hall"]["auroc"] == bounded["auroc"]
    low, high = exact["by_unknown"]["sofa"]["between"]["auroc"]
    assert low <= exact["auroc"] <= high
    for name in ("aupr", "aupr_trapezoid", "auroc", "fpr95", "lift", "aupr_standard", "aupr_scenes"):
        low, high = bounded["between"][name]
        assert low <= exact[name] <= high
    assert not math.isclose(bounded["auroc"], exact["auroc"])


@pytest.mark.parametrize(
    ("unknown", "sentence"),
    [
        ("desk", "has a point of the unknown class 'desk'; choose evaluation"),
        ("soffa", "there is no class 'soffa', did you mean sofa; choose one of wall"),
    ],
)
def test_protocol_that_does_not_fit_is_refused(tmp_path: Path, measure: Measure, unknown: str, sentence: str) -> None:
    with pytest.raises(UserError, match=f"statistics: .*{sentence}"):
        measure(hall(), unknown)
    assert not (tmp_path / "metrics.json").exists()
