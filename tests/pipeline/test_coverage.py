"""Another coverage of a run that is there: its results lie beside the others, and nothing is trained."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

from tests.pipeline.conftest import Project
from tests.pipeline.edits import value
from tests.pipeline.test_reruns import INFER

RUN = "results/runs/sofa/stratified_small/closed_set/seed0"


def test_four_turns_lie_beside_single(finished: Project, tmp_path: Path) -> None:
    project = Project.copy_of(finished, tmp_path / "copy")
    current = project.folder / RUN / "current"
    trained = (current / "weights.npz").stat().st_mtime
    metrics = (current / "single/msp/metrics.json").resolve()
    single = metrics.read_text()
    table = project.read("results/tables/rooms.csv")
    value("tables.rooms.coverage", "tta")(project)
    assert project.would_run() == INFER
    done = project.snakemake()
    assert done.returncode == 0, done.stdout

    assert (current / "weights.npz").stat().st_mtime == trained
    assert metrics.read_text() == single
    assert not (current / "single").exists()
    manifest = json.loads(project.read(f"{RUN}/current/tta/outputs/1of1/manifest.json"))
    assert manifest["coverage"] == "tta"
    (scene,) = manifest["scenes"]
    assert scene["rows"] == scene["points"]
    (rooms,) = json.loads(project.read("results/scenes/rooms/val/current/manifest.json"))["scenes"]
    assert scene["points"] == rooms["points"]
    rows = list(csv.DictReader(io.StringIO(project.read("results/tables/rooms.csv"))))
    assert [(row["coverage"], row["score"]) for row in rows] == [("tta", "msp"), ("tta", "energy")]
    assert project.would_run() == {}
    value("tables.rooms.coverage", "single")(project)
    assert project.would_run() == {}
    assert project.snakemake().returncode == 0
    assert project.read("results/tables/rooms.csv") == table
    assert (current / "single/msp/metrics.json").resolve() == metrics
