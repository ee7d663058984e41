"""Another coverage of a run that is there: its results lie beside the others, and nothing is trained."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

from tests.pipeline.conftest import Project
from tests.pipeline.test_reruns import INFER, value

RUN = "results/runs/sofa/stratified_small/closed_set/seed0"


def test_four_turns_lie_beside_single(finished: Project, tmp_path: Path) -> None:
    project = Project.copy_of(finished, tmp_path / "copy")
    weights = project.folder / RUN / "weights.npz"
    trained = weights.stat().st_mtime
    single = project.read(f"{RUN}/single/msp/metrics.json")
    value("tables.rooms.coverage", "tta")(project)
    assert project.would_run() == INFER
    done = project.snakemake()
    assert done.returncode == 0, done.stdout

    assert weights.stat().st_mtime == trained
    assert project.read(f"{RUN}/single/msp/metrics.json") == single
    manifest = json.loads(project.read(f"{RUN}/tta/outputs/1of1/manifest.json"))
    assert manifest["coverage"] == "tta"
    (scene,) = manifest["scenes"]
    assert scene["rows"] == scene["points"]
    (rooms,) = json.loads(project.read("results/scenes/rooms/val/manifest.json"))["scenes"]
    assert scene["points"] == rooms["points"]
    rows = list(csv.DictReader(io.StringIO(project.read("results/tables/rooms.csv"))))
    assert [(row["coverage"], row["score"]) for row in rows] == [("tta", "msp"), ("tta", "energy")]
    assert project.would_run() == {}
    value("tables.rooms.coverage", "single")(project)
    assert project.would_run() == {"make_table": 1}
