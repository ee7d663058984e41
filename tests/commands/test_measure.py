from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Callable

import numpy as np
import pytest

from openworld3d.errors import UserError
from openworld3d.metrics.statistics import of_scene, save

CLASSES = ["wall", "sofa", "lamp", "desk"]


@pytest.fixture
def statistics(tmp_path: Path) -> Path:
    """Five points of walls and lamps, two of sofas, none of desks."""
    path = tmp_path / "statistics.npz"
    label = np.array([0, 0, 0, 2, 2, 1, 1], np.uint8)
    prediction = np.array([0, 0, 0, 0, 2, 2, 0], np.uint8)
    score = np.array([1, 2, 0, 3, 4, 9, 3.5], np.float32)
    save(path, of_scene("hall", CLASSES, label, prediction, score))
    return path


def protocol(*unknown: str) -> str:
    return json.dumps({"unknown": unknown, "taught": []})


def test_metrics_by_hand(tmp_path: Path, command: Callable[..., None], statistics: Path) -> None:
    out = tmp_path / "metrics.json"
    config = protocol("sofa")
    command("measure", "--statistics", statistics, "--before", "--config", config, "--out", out)
    metrics = json.loads(out.read_text())
    assert metrics == {
        "points": 7,
        "unknown_points": 2,
        "prevalence": pytest.approx(2 / 7),
        "aupr": pytest.approx((1 + 2 / 3) / 2),
        "aupr_trapezoid": pytest.approx((1 + (1 / 2 + 2 / 3) / 2) / 2),
        "auroc": pytest.approx(9 / 10),
        "fpr95": pytest.approx(1 / 5),
        "fpr95_strict": pytest.approx(1 / 5),
        "miou_known": pytest.approx((3 / 5 + 1 / 3) / 2),
        "miou_all": pytest.approx((3 / 5 + 1 / 3 + 0) / 3),
        "miou_old": pytest.approx((3 / 5 + 1 / 3) / 2),
        "miou_novel": None,
        "forgetting": None,
        "iou": {"wall": pytest.approx(3 / 5), "sofa": 0, "lamp": pytest.approx(1 / 3), "desk": None},
        "accuracy": pytest.approx(4 / 7),
    }


def test_step_that_teaches_by_hand(tmp_path: Path, command: Callable[..., None], statistics: Path) -> None:
    """Sofas are taught: both are now told, one lamp and one wall fewer than before."""
    after, out = tmp_path / "after.npz", tmp_path / "metrics.json"
    label = np.array([0, 0, 0, 2, 2, 1, 1], np.uint8)
    prediction = np.array([0, 0, 1, 1, 2, 1, 1], np.uint8)
    save(after, of_scene("hall", CLASSES, label, prediction, np.arange(7, dtype=np.float32)))
    config = json.dumps({"unknown": ["sofa"], "taught": ["sofa"]})
    command("measure", "--statistics", after, "--before", statistics, "--config", config, "--out", out)
    metrics = json.loads(out.read_text())
    before = (3 / 5 + 1 / 3) / 2
    assert metrics["miou_old"] == pytest.approx((2 / 3 + 1 / 2) / 2)
    assert metrics["miou_novel"] == pytest.approx(2 / 4)
    assert metrics["miou_known"] == pytest.approx((2 / 3 + 1 / 2 + 2 / 4) / 3)
    assert metrics["forgetting"] == pytest.approx(before - (2 / 3 + 1 / 2) / 2)
    assert metrics["aupr"] is None  # nothing is unknown any more


def test_nothing_is_said_of_predictions_that_there_are_not(tmp_path: Path, command: Callable[..., None]) -> None:
    statistics, out = tmp_path / "statistics.npz", tmp_path / "metrics.json"
    label = np.array([0, 1, 2], np.uint8)
    save(statistics, of_scene("hall", CLASSES, label, np.full(3, 255, np.uint8), np.array([1, 3, 2], np.float32)))
    command("measure", "--statistics", statistics, "--before", "--config", protocol("sofa"), "--out", out)
    metrics = json.loads(out.read_text())
    assert metrics["auroc"] == 1
    assert {metrics[name] for name in ("miou_known", "miou_all", "accuracy")} == {None}
    assert set(metrics["iou"].values()) == {None}


def test_ranking_without_known_points_is_null(tmp_path: Path, command: Callable[..., None]) -> None:
    statistics, out = tmp_path / "statistics.npz", tmp_path / "metrics.json"
    point = np.ones(1, np.uint8)
    save(statistics, of_scene("hall", ["wall", "sofa"], point, 0 * point, point))
    config = protocol("sofa")
    command("measure", "--statistics", statistics, "--before", "--config", config, "--out", out)
    metrics = json.loads(out.read_text())
    assert metrics["prevalence"] == 1
    assert {metrics[name] for name in ("aupr", "aupr_trapezoid", "auroc", "fpr95", "fpr95_strict")} == {None}


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        (protocol("desk"), "has a point of the unknown class 'desk'; choose evaluation"),
        (protocol("soffa"), "there is no class 'soffa', did you mean sofa; choose of wall"),
    ],
)
def test_protocol_that_does_not_fit_is_refused(
    tmp_path: Path, command: Callable[..., None], statistics: Path, config: Any, sentence: str
) -> None:
    out = tmp_path / "metrics.json"
    with pytest.raises(UserError, match=f"statistics.npz: .*{sentence}"):
        command("measure", "--statistics", statistics, "--before", "--config", config, "--out", out)
    assert not out.exists()
