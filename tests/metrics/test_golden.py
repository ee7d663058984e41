from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from openworld3d.metrics import segmentation
from openworld3d.metrics.conventions import conventions
from openworld3d.metrics.measures import Evaluation
from openworld3d.metrics.statistics import Points, Statistics, merge, of_scene
from openworld3d.metrics.table import measured
from openworld3d.scenes.scene import VOID

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = Path(os.environ.get("GOLDEN_DIR", ROOT.parent / "shared" / "golden"))
FILES = sorted((GOLDEN / "metrics").glob("*.npz"))
IGNORED, UNKNOWN, IDS = 0, 5, 20
NAMES = [str(number) for number in range(1, IDS)]
KNOWN = [index for index, name in enumerate(NAMES) if name != str(UNKNOWN)]
VERSIONS = ["continuous", "eight_bit", "saturated"]


def scenes_of(arrays: Any, version: str) -> list[Points]:
    label = np.where(arrays["label"] == IGNORED, VOID, arrays["label"] - 1).astype(np.uint8)
    points = Points(label, (arrays["prediction"] - 1).astype(np.uint8), arrays[f"score/{version}"])
    return [points.take((arrays["scene"] == number) & (label != VOID)) for number in np.unique(arrays["scene"])]


def statistics_of(scenes: list[Points], bits: int) -> Statistics:
    return merge([of_scene(str(n), NAMES, KNOWN, points, bits, 0.5) for n, points in enumerate(scenes)])


@pytest.mark.skipif(not FILES, reason=f"no golden metrics in {GOLDEN / 'metrics'}; set GOLDEN_DIR")
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_golden_conventions_of_the_papers(path: Path, version: str) -> None:
    with np.load(path) as arrays:
        expected = json.loads(str(arrays["expected"]))[version]
        scenes = scenes_of(arrays, version)
    confusion = statistics_of(scenes, 8).confusion.sum(axis=0)
    found = conventions([(points.score, points.label == UNKNOWN - 1) for points in scenes], confusion, KNOWN)
    by_id = expected["real"].pop("iou")
    assert set(found) == set(expected)
    for name, metrics in expected.items():
        assert found[name] == pytest.approx(metrics, abs=1e-6), name
    np.testing.assert_allclose(segmentation.iou(confusion), by_id[1:], atol=1e-6)


@pytest.mark.skipif(not FILES, reason=f"no golden metrics in {GOLDEN / 'metrics'}; set GOLDEN_DIR")
@pytest.mark.parametrize("bits", [8, 12, 16, 24])
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_golden_metrics_lie_between_those_of_bins(path: Path, version: str, bits: int) -> None:
    with np.load(path) as arrays:
        expected = json.loads(str(arrays["expected"]))[version]
        scenes = scenes_of(arrays, version)
    found = measured(Evaluation(statistics_of(scenes, bits), [str(UNKNOWN)]).of_all())
    real, pdf = expected["real"], expected["pdf"]
    for name, exact in {
        "aupr": pdf["aupr_pooled"],
        "aupr_trapezoid": real["aupr"],
        "auroc": real["auroc"],
        "fpr95_strict": real["fpr95"],
        "fpr95_nearest": expected["pointcam"]["fpr95"],
        "aupr_scenes": pdf["aupr_scene_mean"],
        "auroc_scenes": pdf["auroc_scene_mean"],
        "miou_known": pdf["miou_known"],
        "miou_all": real["miou"],
        "accuracy": real["accuracy"],
    }.items():
        low, value, high = found[name][:, 0]
        assert low - 1e-9 <= exact <= high + 1e-9, name
        if (version, bits) == ("continuous", 24):
            assert value == pytest.approx(exact, abs=2e-5), name
