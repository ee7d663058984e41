"""A recipe with keys of its own beside one without: what inference alone asks trains nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable

import pytest
from tests.pipeline.conftest import Project
from tests.pipeline.test_reruns import INFER, LIBRARY, TRAIN, Jobs, code, value


@pytest.fixture(scope="module")
def both(finished: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return the tiny pipeline after a recipe with dropout has joined its table."""
    project = Project.copy_of(finished, tmp_path_factory.mktemp("dropout") / "copy")
    value("tables.rooms.recipes", ["closed_set", "dropout"])(project)
    assert project.would_run() == TRAIN
    done = project.snakemake()
    assert done.returncode == 0, done.stdout
    return project


def left_out(project: Project) -> None:
    project.edit_config(lambda config: config["recipes"]["dropout"].pop("passes"))


EDITS: dict[str, tuple[Callable[[Project], None], Jobs]] = {
    "passes": (value("recipes.dropout.passes", 4), INFER),
    "passes left out, which are 10 then too": (left_out, {}),
    "share that is dropped": (value("recipes.dropout.dropout", 0.2), TRAIN),
    "sums over passes": (code(f"{LIBRARY}/passes.py"), TRAIN),
}


@pytest.mark.parametrize("name", EDITS)
def test_edit_reruns_exactly(both: Project, tmp_path: Path, name: str) -> None:
    project = Project.copy_of(both, tmp_path / "copy")
    edit, expected = EDITS[name]
    edit(project)
    assert project.would_run() == expected


def test_provenance_tells_the_passes(both: Project) -> None:
    documents: list[dict[str, Any]] = both.provenance()
    of_dropout = documents[2]
    jobs = {job["command"]: job["config"] for job in of_dropout["jobs"] if "config" in job}
    assert jobs["infer"]["recipe"] == {"passes": 10}
    assert "passes" not in jobs["train"]["recipe"]
    assert jobs["train"]["recipe"]["dropout"] == 0.5
