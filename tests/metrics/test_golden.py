from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from openworld3d.metrics import segmentation
from openworld3d.metrics.ranking import ranking
from openworld3d.metrics.statistics import Statistics, merge, of_scene
from openworld3d.scene import VOID

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = Path(os.environ.get("GOLDEN_DIR", ROOT.parent / "shared" / "golden"))
FILES = sorted((GOLDEN / "metrics").glob("*.npz"))
IGNORED, UNKNOWN, IDS = 0, 5, 20
NAMES = [str(number) for number in range(1, IDS)]
KNOWN = [name for name in NAMES if name != str(UNKNOWN)]


def statistics_of(arrays: Any, version: str) -> Statistics:
    label = np.where(arrays["label"] == IGNORED, VOID, arrays["label"] - 1).astype(np.uint8)
    columns = [label, arrays["prediction"] - 1, arrays[f"score/{version}"]]
    scenes = [arrays["scene"] == number for number in np.unique(arrays["scene"])]
    return merge([of_scene(str(n), NAMES, *(column[scene] for column in columns)) for n, scene in enumerate(scenes)])


@pytest.mark.skipif(not FILES, reason=f"no golden metrics in {GOLDEN / 'metrics'}; set GOLDEN_DIR")
@pytest.mark.parametrize("version", ["continuous", "eight_bit", "saturated"])
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_golden_conventions_of_the_papers(path: Path, version: str) -> None:
    with np.load(path) as arrays:
        expected = json.loads(str(arrays["expected"]))[version]
        statistics = statistics_of(arrays, version)
    pooled = [statistics.pooled([str(UNKNOWN)]), statistics.pooled(KNOWN)]
    ranked = ranking(pooled, [np.ones(len(pooled[0]), bool), np.zeros(len(pooled[1]), bool)])
    confusion = statistics.confusion.sum(axis=0)
    real, pdf = expected["real"], expected["pdf"]
    table = [
        (ranked.auroc, real["auroc"]),
        (ranked.auroc, pdf["auroc_pooled"]),
        (ranked.aupr, pdf["aupr_pooled"]),
        (ranked.aupr_trapezoid, real["aupr"]),
        (ranked.fpr95_strict, real["fpr95"]),
        (segmentation.miou_known(confusion, statistics.index(KNOWN)), pdf["miou_known"]),
        (segmentation.miou_all(confusion), real["miou"]),
        (segmentation.accuracy(confusion), real["accuracy"]),
    ]
    assert [ours for ours, _ in table] == pytest.approx([theirs for _, theirs in table], abs=1e-6)
    np.testing.assert_allclose(segmentation.iou(confusion), real["iou"][1:], atol=1e-6)
