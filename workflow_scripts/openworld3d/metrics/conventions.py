"""What the evaluation codes of three papers and a prototype print for the same scores.

They disagree on what AUPR, FPR95 and mIoU mean (real: Cen et al., ECCV 2022; pdf: CVPR 2024; pointcam: Hong et al.,
2022; prototype: the memory-cell prototype that PDF grew out of), so that their tables cannot be compared.
"""

from __future__ import annotations

from typing import Dict, Sequence

import numpy as np

from openworld3d.metrics import segmentation
from openworld3d.metrics.exact import Parts
from openworld3d.metrics.ranking import ranking

Named = Dict[str, float]


def conventions(parts: Parts, confusion: np.ndarray, known: Sequence[int]) -> dict[str, Named]:
    """Return the metrics of each convention by name, from the points of each scene and a confusion matrix (C, C)."""
    pooled = ranking([score for score, _ in parts], [unknown for _, unknown in parts])
    scenes = {name: mean_over_scenes(parts, name) for name in ("aupr", "auroc")}
    inverted = [(-score, unknown) for score, unknown in parts]
    return {
        "real": {
            "aupr": pooled.aupr_trapezoid,
            "auroc": pooled.auroc,
            "fpr95": pooled.fpr95_strict,
            "miou": float(segmentation.miou_all(confusion, range(len(confusion)))),
            "accuracy": float(segmentation.accuracy(confusion)),
        },
        "pdf": {
            "aupr_pooled": pooled.aupr,
            "auroc_pooled": pooled.auroc,
            "aupr_scene_mean": scenes["aupr"],
            "auroc_scene_mean": scenes["auroc"],
            "miou_known": float(segmentation.miou_known(confusion, known)),
        },
        "pointcam": {"aupr": pooled.aupr, "auroc": pooled.auroc, "fpr95": pooled.fpr95_nearest},
        "prototype": {name: mean_over_scenes(inverted, name) for name in ("aupr", "auroc")},
    }


def mean_over_scenes(parts: Parts, metric: str) -> float:
    """Return the mean of a ranking metric over the scenes in which it is defined, NaN where it is defined in none."""
    values = [getattr(ranking(score, unknown), metric) for score, unknown in parts]
    defined = [value for value in values if not np.isnan(value)]
    return float(np.mean(defined)) if defined else float("nan")
