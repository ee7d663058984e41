"""A recipe with outputs and keys of its own beside one without: each has its scores, and passes train nothing."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any, Callable

import pytest
from tests.pipeline.conftest import Project
from tests.pipeline.test_reruns import INFER, LIBRARY, ONE_SCORE, TRAIN, Jobs, code, value

OF_DROPOUT = ["mutual_information", "class_variance"]


def of_four(jobs: Jobs) -> Jobs:
    """Return the jobs of a run with four scores for those of a run with two."""
    return {name: 4 if count == 2 else count for name, count in jobs.items()}


@pytest.fixture(scope="module")
def both(finished: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return the tiny pipeline after a recipe with dropout has joined its table."""
    project = Project.copy_of(finished, tmp_path_factory.mktemp("dropout") / "copy")
    value("tables.rooms.recipes", ["closed_set", "dropout"])(project)
    value("tables.rooms.scores", ["msp", "energy", *OF_DROPOUT])(project)
    assert project.would_run() == of_four(TRAIN)
    done = project.snakemake()
    assert done.returncode == 0, done.stdout
    return project


def test_table_has_the_scores_that_each_recipe_serves(both: Project) -> None:
    rows = list(csv.DictReader(io.StringIO(both.read("results/tables/rooms.csv"))))
    plain = [f"{recipe} + {score}" for recipe in ("closed_set", "dropout") for score in ("msp", "energy")]
    assert [row["method"] for row in rows] == [*plain, *(f"dropout + {score}" for score in OF_DROPOUT)]
    assert all(float(row["auroc"]) >= 0 for row in rows)


def left_out(project: Project) -> None:
    project.edit_config(lambda config: config["recipes"]["dropout"].pop("passes"))


EDITS: dict[str, tuple[Callable[[Project], None], Jobs]] = {
    "passes": (value("recipes.dropout.passes", 4), of_four(INFER)),
    "passes left out, which are 10 then too": (left_out, {}),
    "share that is dropped": (value("recipes.dropout.dropout", 0.2), of_four(TRAIN)),
    "score of the passes": (code(f"{LIBRARY}/scores/mutual_information.py"), ONE_SCORE),
    "sums over passes": (code(f"{LIBRARY}/passes.py"), of_four(TRAIN)),
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
