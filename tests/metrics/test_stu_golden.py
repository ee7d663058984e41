"""The metrics of STU's devkit, see README.md of the golden folder."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Callable

import numpy as np
import pytest

from openworld3d.metrics.exact import PointRanking
from openworld3d.metrics.measures import Evaluation
from openworld3d.metrics.objects import count_objects, true_instances
from openworld3d.metrics.statistics import Points, Statistics, merge, of_no_scene, of_scene
from openworld3d.metrics.table import exactly, measured
from openworld3d.protocols.counted import Counting, counted_points
from openworld3d.scenes.scene import NO_INSTANCE, VOID
from openworld3d.scoring.clusters import Clustering, instances_above

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = Path(os.environ.get("GOLDEN_DIR", ROOT.parent / "shared" / "golden"))
FILES = sorted((GOLDEN / "stu").glob("*.npz"))
CLASSES = ["inlier", "anomaly"]
UNKNOWN = CLASSES.index("anomaly")
CLASS_OF_RAW_ID = np.array([VOID, 0, UNKNOWN], np.uint8)
STU = Counting((2.5, 50), 5)
Frame = dict[str, np.ndarray]
Predict = Callable[[Frame, float], np.ndarray]

pytestmark = [
    pytest.mark.skipif(not FILES, reason=f"no golden frames in {GOLDEN / 'stu'}; set GOLDEN_DIR"),
    pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES]),
]


def counted_frames(arrays: dict[str, np.ndarray]) -> dict[str, Frame]:
    """Return the points that count of the frames that count: coord, label, true, score, predicted."""
    found = {}
    for number in range(int(arrays["frames"])):
        coord, raw, score, instance = (arrays[f"{key}_{number}"] for key in ("xyz", "label", "score", "instance"))
        label = CLASS_OF_RAW_ID[raw & 0xFFFF]
        unknown = label == UNKNOWN
        counted = counted_points(coord, label == VOID, unknown, STU)
        if counted is not None:
            frame = {
                "coord": coord,
                "label": label,
                "true": true_instances(label, (raw >> 16).astype(np.int32), unknown),
                "score": score,
                "predicted": np.where(instance > 0, instance, NO_INSTANCE),
            }
            found[f"{number:06d}"] = {key: array[counted] for key, array in frame.items()}
    return found


def statistics_of(frames: dict[str, Frame], threshold: float, predict: Predict, bits: int = 32) -> Statistics:
    """Return the statistics of all frames, merged from one shard for each."""
    shards = [of_no_scene(CLASSES, bits, threshold, threshold)]
    for name, frame in frames.items():
        points = Points(frame["label"], np.full(len(frame["label"]), VOID, np.uint8), frame["score"])
        objects = count_objects(frame["true"], predict(frame, threshold))
        shards.append(of_scene(name, CLASSES, [], points, bits, threshold, objects, threshold))
    return merge(shards[::-1])


def given(frame: Frame, threshold: float) -> np.ndarray:
    return frame["predicted"]


def clustered(frame: Frame, threshold: float) -> np.ndarray:
    return instances_above(threshold, frame["score"], frame["coord"], Clustering())


def percent(values: dict[str, np.ndarray], name: str) -> float:
    return 100 * float(values[name][1, 0])


def read(path: Path) -> dict[str, np.ndarray]:
    with np.load(path) as arrays:
        return {name: arrays[name] for name in arrays.files}


def test_golden_point_level(path: Path) -> None:
    arrays = read(path)
    frames = counted_frames(arrays)
    exact = exactly(PointRanking([(frame["score"], frame["label"] == UNKNOWN) for frame in frames.values()]))
    found = measured(Evaluation(statistics_of(frames, float(arrays["threshold"]), given), ["anomaly"]).of_all())
    for name, answer in {"aupr": "point_AP", "auroc": "point_AUROC", "fpr95_strict": "point_FPR95"}.items():
        assert 100 * exact[name] == pytest.approx(float(arrays[answer]), abs=1e-6), name
        assert percent(found, name) == pytest.approx(float(arrays[answer]), abs=1e-6), name


@pytest.mark.parametrize(("prefix", "predict"), [("object", given), ("dbscan", clustered)])
def test_golden_object_level(path: Path, prefix: str, predict: Predict) -> None:
    arrays = read(path)
    statistics = statistics_of(counted_frames(arrays), float(arrays["threshold"]), predict)
    found = measured(Evaluation(statistics, ["anomaly"]).of_all())
    answers = {name: float(value) for name, value in arrays.items() if name.startswith(f"{prefix}_")}
    assert answers
    for answer, value in answers.items():
        name = f"object_{answer[len(prefix) + 1 :].lower()}"
        if name in ("object_tp", "object_fp", "object_fn"):
            assert found[name][1, 0] == value, answer
        else:
            assert percent(found, name) == pytest.approx(value, abs=1e-6), answer
