"""Saved float64 keeps its order from the file to the metrics, whatever float32 would make of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Callable, Dict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.commands.conftest import CLASSES, LABELS

from openworld3d.metrics.histograms import bin_of
from openworld3d.metrics.ranking import ranking
from openworld3d.scoring.apply import score_rows
from openworld3d.scoring.smoothing import mean_over_neighbors

SOFA = {name: np.array(labels) == 1 for name, labels in LABELS.items()}
Arrays = Dict[str, np.ndarray]
Measure = Callable[..., Dict[str, Any]]


@pytest.fixture
def measure(tmp_path: Path, scenes: list[Path], command: Callable[..., None]) -> Measure:
    """Return `measure(arrays, score)`, which takes saved arrays in two shards and returns the metrics."""

    def run(arrays: Arrays, score: str, exact: bool = True, neighbors: int = 1, **options: float) -> dict[str, Any]:
        saved, parts = tmp_path / "saved", []
        saved.mkdir()
        for name, array in arrays.items():
            np.save(saved / f"{name}.npy", array)
        given = ["--config", json.dumps({"classes": CLASSES, "unknown": ["sofa"]}), "--saved", saved]
        of_score = json.dumps(
            {"score": {"kind": score, "neighbors": neighbors, **options}, "bits": 16, "objects": None}
        )
        for shard in ("1of2", "2of2"):
            outputs, scores = (tmp_path / kind / shard / "manifest.json" for kind in ("outputs", "scores"))
            statistics = tmp_path / f"{shard}.npz"
            command("import_outputs", *given, "--scenes", *scenes, "--shard", shard, "--out", outputs)
            places = ["--out", scores, "--statistics", statistics, "--scenes", *scenes]
            command("score", "--config", of_score, "--outputs", outputs, "--sample", *places)
            parts.append((statistics, scores, outputs))
        files = {name: [part[n] for part in parts] for n, name in enumerate(("statistics", "scores", "outputs"))}
        if not exact:
            files.update(scores=[], outputs=[])
        read = [part for name, found in files.items() for part in (f"--{name}", *found)]
        config = json.dumps({"unknown": ["sofa"], "taught": [], "beyond": [], "inliers": [], "replicates": 20})
        written = ["--out", tmp_path / "metrics.json", "--replicates", tmp_path / "replicates.npz"]
        command("measure", *read, "--before", "--scenes", *scenes, "--config", config, *written)
        metrics: dict[str, Any] = json.loads((tmp_path / "metrics.json").read_text())
        return metrics

    return run


def apart(known: float, unknown: float) -> Arrays:
    """Return a score of two values, the higher one at the sofa's points."""
    return {name: np.where(sofa, unknown, known) for name, sofa in SOFA.items()}


SCORES = {
    "a saturated softmax": apart(-(1 - 1e-10), -(1 - 1e-9)),
    "one step of float64": apart(1.0, 1 + 2.0**-52),
    "beyond float32": apart(1e300, 2e300),
    "below float32": apart(-2e300, -1e300),
    "nearer to 0 than float32": apart(1e-300, 2e-300),
    "around 0": apart(-1e-300, 1e-300),
    "at the ends of float64": apart(-1.7e308, 1.7e308),
}


@pytest.mark.parametrize("name", SCORES)
@pytest.mark.parametrize("exact", [True, False])
@pytest.mark.filterwarnings("error")
def test_saved_scores_are_ranked_as_they_were_saved(measure: Measure, name: str, exact: bool) -> None:
    metrics = measure(SCORES[name], "saved_score", exact)
    if exact:
        for metric in ("auroc", "aupr", "aupr_trapezoid", "auroc_scenes", "aupr_scenes", "aupr_standard"):
            assert metrics[metric] == 1
        assert metrics["fpr95"] == 0
        assert {scene["auroc"] for scene in metrics["by_scene"].values()} == {1}
    for metric, value in (("auroc", 1), ("aupr", 1), ("fpr95", 0)):
        low, high = metrics["between"][metric]
        assert low <= value <= high


OPTIONS: dict[str, dict[str, float]] = {
    "msp": {},
    "max_logit": {},
    "energy": {"temperature": 1.0},
    "entropy": {},
    "gen": {"gamma": 0.1, "top": 0},
    "margin": {},
}


@pytest.mark.parametrize("score", OPTIONS)
def test_saved_logits_are_ranked_as_they_were_saved(measure: Measure, score: str) -> None:
    """The sofa's points are less sure by 10^-11, which float32 rounds away beside 3.25."""
    logits = {name: np.stack([3.25 - 1e-11 * sofa, 0 * sofa], 1) for name, sofa in SOFA.items()}
    assert np.unique(np.concatenate(list(logits.values())).astype(np.float32)).tolist() == [0, 3.25]
    metrics = measure(logits, score, **OPTIONS[score])
    assert (metrics["auroc"], metrics["aupr"], metrics["fpr95"]) == (1, 1, 0)


@pytest.mark.parametrize("score", [*OPTIONS, "msp_probability"])
@pytest.mark.filterwarnings("error")
def test_saved_logits_beyond_float32_are_finite(measure: Measure, score: str) -> None:
    logits = {name: np.stack([np.where(sofa, 1e300, 2e300), -1e300 + 0 * sofa], 1) for name, sofa in SOFA.items()}
    metrics = measure(logits, score, **OPTIONS.get(score, {}))
    ranked = score in ("msp", "max_logit", "energy")  # the others say that both are sure
    assert metrics["auroc"] == (1 if ranked else 0.5)


def test_smoothed_scores_keep_their_precision(measure: Measure) -> None:
    """Of the sofa's points and the points nearest to them, the mean lies between the two scores."""
    metrics = measure(apart(1.0, 1 + 2.0**-40), "saved_score", neighbors=2)
    assert metrics["auroc"] > 0.6


@settings(deadline=None)
@given(
    st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=2, max_size=30),
    st.sampled_from([8, 16, 24, 32]),
)
def test_bins_keep_the_order_of_float64(values: list[float], bits: int) -> None:
    score = np.sort(np.array(values))
    assert np.all(np.diff(bin_of(score, bits).astype(np.int64)) >= 0)


@given(st.lists(st.tuples(st.floats(-1e300, 1e300), st.booleans()), min_size=2, max_size=30))
def test_ranks_have_the_metrics_of_the_scores(points: list[tuple[float, bool]]) -> None:
    score, unknown = np.array([point[0] for point in points]), np.array([point[1] for point in points])
    ranks = np.unique(score, return_inverse=True)[1].reshape(-1).astype(np.float32)
    np.testing.assert_equal(vars(ranking(score, unknown)), vars(ranking(ranks, unknown)))


@pytest.mark.parametrize(("given", "stored"), [("f2", "f4"), ("f4", "f4"), ("f8", "f8")])
def test_score_has_the_precision_of_what_it_reads(given: str, stored: str) -> None:
    saved = np.array([[1], [2]], given)
    assert score_rows(lambda outputs: outputs["saved_score"][:, 0], {"saved_score": saved}).dtype == stored
    smooth = mean_over_neighbors(saved[:, 0].astype(stored), np.zeros((2, 3), np.float32), 2)
    assert smooth.dtype == stored
