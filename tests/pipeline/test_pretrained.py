"""A network that is already trained goes from its checkpoint to the table, and nothing is trained."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any, Callable

import pytest
from tests.networks.released_weights import golden_backbone, golden_state, write_released
from tests.pipeline.conftest import Project, edited
from tests.pipeline.edits import code, value
from tests.pipeline.planned import planned
from tests.pipeline.test_reruns import ASK, LIBRARY, Jobs

UNKNOWN = ["sofa", "chair", "table", "bookshelf", "curtain", "picture", "otherfurniture"]
# Not the dataset's order, as a checkpoint's need not be.
COLUMNS = [
    *("window", "door", "bed", "cabinet", "floor", "wall", "counter", "desk"),
    *("refrigerator", "shower curtain", "toilet", "sink", "bathtub"),
]
RUN = "results/runs/many_unknown/golden/released/seed0"
SAMPLE: Jobs = {name: count for name, count in ASK.items() if name != "infer"}
IMPORT: Jobs = {"import_weights": 1, **ASK}


def ask_released(config: dict[str, Any]) -> None:
    """Let the table ask one network that is already trained."""
    config["protocols"]["many_unknown"] = {**config["protocols"]["sofa"], "unknown": UNKNOWN}
    bounds = {"inference_voxels": 100000, "inference_pairs": 10**7}
    config["backbones"]["golden"] = {**golden_backbone(), "environment": "cpu", **bounds}
    config["recipes"]["released"] = {
        "kind": "closed_set",
        "pretrained": "released.pth",
        "pretrained_classes": COLUMNS,
    }
    config["tables"]["rooms"].update(
        protocols=["many_unknown"], backbones=["golden"], methods={"released": ["msp", "energy"]}
    )


@pytest.fixture(scope="module")
def evaluated(finished: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return the pipeline after it has evaluated a released checkpoint."""
    project = Project.copy_of(finished, tmp_path_factory.mktemp("released") / "copy")
    write_released(project.folder / "released.pth", golden_state())
    project.edit_config(ask_released)
    assert project.would_run() == {"check_protocol": 1, "check_environment": 1, **IMPORT}
    done = project.snakemake()
    assert done.returncode == 0, done.stdout
    return project


def test_released_checkpoint_is_evaluated_without_training(evaluated: Project) -> None:
    header, *rows = evaluated.read("results/tables/rooms.csv").splitlines()
    assert [row.split(",")[header.split(",").index("method")] for row in rows] == [
        "released + msp",
        "released + energy",
    ]
    assert all("" not in row.split(",") for row in rows)
    assert json.loads(evaluated.read(f"{RUN}/current/single/outputs/1of1/manifest.json"))["columns"] == COLUMNS
    assert not list((evaluated.folder / RUN).rglob("history.csv"))
    done = evaluated.snakemake()
    assert "Nothing to be done" in done.stdout


def test_row_knows_its_checkpoint(evaluated: Project) -> None:
    (document,) = evaluated.provenance("--config", "row=1")
    jobs = {job["step"]: job for job in document["jobs"]}
    assert "train" not in jobs
    digest = hashlib.sha256((evaluated.folder / "released.pth").read_bytes()).hexdigest()
    assert jobs["import_weights"]["files from outside"] == {"released.pth": digest}


def other_weights(project: Project) -> None:
    write_released(project.folder / "released.pth", {name: value + 1 for name, value in golden_state().items()})


def older_weights(project: Project) -> None:
    """Move a checkpoint there that is older than any result."""
    write_released(project.folder / "older.pth", {name: value + 1 for name, value in golden_state().items()})
    os.utime(project.folder / "older.pth", (0, 0))
    (project.folder / "older.pth").rename(project.folder / "released.pth")


def touched(project: Project) -> None:
    (project.folder / "released.pth").touch()


def two_columns_swapped(project: Project) -> None:
    swapped = [COLUMNS[1], COLUMNS[0], *COLUMNS[2:]]
    value("recipes.released.pretrained_classes", swapped)(project)


EDITS: dict[str, tuple[Callable[[Project], None], Jobs]] = {
    "the checkpoint": (other_weights, IMPORT),
    "the checkpoint, by an older one": (older_weights, IMPORT),
    "no more than its time": (touched, {}),
    "its recipe, which is loaded by name": (code(f"{LIBRARY}/recipes/closed_set.py"), IMPORT),
    "order of its classes": (two_columns_swapped, IMPORT),
    "range of the colours": (value("backbones.golden.appearance_range", [-1, 1]), IMPORT),
    "import of weights": (code(f"{LIBRARY}/networks/pretrained.py"), IMPORT),
    "crop at inference": (value("backbones.golden.inference_voxels", 5000), ASK),
    "library file of training alone": (code(f"{LIBRARY}/training/loop.py"), {}),
    "unknown points removed": (value("protocols.many_unknown.unknown_points", "remove"), SAMPLE),
}


@pytest.mark.parametrize("name", EDITS)
def test_edit_reruns_exactly(evaluated: Project, name: str) -> None:
    edit, expected = EDITS[name]
    with edited(evaluated, edit):
        assert planned(evaluated.folder) == expected


def test_checkpoint_that_does_not_fit_is_a_sentence(evaluated: Project, tmp_path: Path) -> None:
    project = Project.copy_of(evaluated, tmp_path / "copy")
    state = golden_state()
    state.pop("classifier.0.bias")
    write_released(project.folder / "released.pth", state)
    done = project.snakemake()
    assert done.returncode != 0
    told = {line for line in done.stdout.splitlines() if line.startswith("error: ")}
    assert len(told) == 1, done.stdout
    assert "error: released.pth: does not fit the run: 1 key missing (classifier.0.bias)." in told.pop()
    assert "Traceback" not in done.stdout
