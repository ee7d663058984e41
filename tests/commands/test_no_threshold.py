"""A row without a threshold, as of an ensemble, a smoothed score or saved outputs, stands beside rows with one."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any, Callable

import numpy as np
import pytest
from tests.commands.test_make_table import OUTPUTS, ROW
from tests.commands.test_measure import CLASSES, KNOWN, LABEL, PREDICTION, SCORE

from openworld3d.metrics.statistics import Points, merge, of_scene, save
from openworld3d.scenes.scene import VOID

NEVER = float("nan")
NONE = np.full(len(LABEL), VOID, np.uint8)
OPEN = ["miou_open", "iou_unknown"]
# Of each row the prediction of its points, and the threshold.
ROWS = {
    "closed_set + msp": (PREDICTION, 3.0),
    "ensemble + msp": (PREDICTION, NEVER),
    "closed_set + standardised_max_logit_smooth": (PREDICTION, NEVER),
    "their_scores + saved_score": (NONE, NEVER),
}


@pytest.mark.parametrize("methods", [list(ROWS), list(ROWS)[::-1], list(ROWS)[1:]])
@pytest.mark.parametrize("metrics", [["aupr", *OPEN], OPEN[:1], OPEN[1:]])
def test_its_cell_is_not_available(
    tmp_path: Path, command: Callable[..., None], methods: list[str], metrics: list[str]
) -> None:
    files: dict[str, list[Path]] = {"metrics": [], "replicates": []}
    for number, method in enumerate(methods):
        prediction, threshold = ROWS[method]
        score = SCORE + 0.25 * number
        scenes = [
            of_scene(name, CLASSES, KNOWN, Points(LABEL, prediction, score, -score), 16, threshold)
            for name in ("hall", "cellar")
        ]
        save(tmp_path / f"{number}.statistics", merge(scenes))
        files["metrics"].append(tmp_path / f"{number}.json")
        files["replicates"].append(tmp_path / f"{number}.npz")
        config = json.dumps({"unknown": ["sofa"], "taught": [], "beyond": [], "inliers": [], "replicates": 5})
        read = ["--statistics", tmp_path / f"{number}.statistics", "--before", "--scores", "--outputs"]
        places = ["--out", files["metrics"][-1], "--replicates", files["replicates"][-1]]
        command("measure", *read, "--scenes", "none.json", "--config", config, *places)
    asked: dict[str, Any] = {
        "table": "mine",
        "metrics": metrics,
        "rows": [{**ROW, "method": method} for method in methods],
    }
    asked["conventions"] = asked["counting"] = {ROW["protocol"]: {}}
    asked["published"] = {"rows": [], "notes": []}
    targets = {kind: tmp_path / f"table.{kind}" for kind in OUTPUTS}
    options = [part for kind, path in targets.items() for part in (f"--{kind}", path)]
    given = [part for kind, paths in files.items() for part in (f"--{kind}", *paths)]
    command("make_table", "--config", json.dumps(asked), *given, *options)
    rows = list(csv.DictReader(targets["csv"].read_text().splitlines()))
    for row, method in zip(rows, methods):
        for metric in set(metrics) & set(OPEN):
            cells = {row[f"{metric}{end}"] for end in ("", "_low", "_high")}
            assert (cells == {"n/a"}) == np.isnan(ROWS[method][1])
        if "aupr" in metrics:
            assert float(row["aupr"]) == pytest.approx((1 + 2 / 3) / 2)
    compared = {row["metric"] for row in csv.DictReader(targets["differences"].read_text().splitlines())}
    assert compared <= {"aupr"}
