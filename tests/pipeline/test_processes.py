"""How many processes train is a resource of the job: it changes neither the config nor what would run again."""

from __future__ import annotations

from pathlib import Path

from tests.pipeline.conftest import Project
from tests.pipeline.edits import value

RUN = "results/runs/sofa/stratified_small/closed_set/seed0"
TWO = ("--set-resources", "train:gpu=2")


def test_two_processes_train_where_the_job_asks_for_two_cards(finished: Project, tmp_path: Path) -> None:
    project = Project.copy_of(finished, tmp_path / "copy")
    refused = project.snakemake(*TWO, "--forcerun", "train")
    assert refused.returncode != 0
    assert "2 processes share batches of scenes_per_step = 1, expected a scene for each" in refused.stdout
    value("recipes.closed_set.scenes_per_step", 2)(project)
    done = project.snakemake(*TWO)
    assert done.returncode == 0, done.stdout
    assert len(project.read(f"{RUN}/current/history.csv").splitlines()) == 2
    assert project.would_run() == {}
