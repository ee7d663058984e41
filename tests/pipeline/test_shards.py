"""A dataset's `shards` share inference and scoring; tables and metrics do not tell how many there are."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from tests.pipeline.conftest import Project
from tests.pipeline.edits import value
from tests.pipeline.test_reruns import TABLE

RUNS = "results/runs/sofa/stratified_small"
METHODS = {"closed_set": ["standardised_max_logit_smooth"], "ensemble": ["mutual_information"]}
MEASURE = {"measure": 2, **TABLE}


@pytest.fixture(scope="module")
def rooms(tmp_path_factory: pytest.TempPathFactory, finished: Project) -> Project:
    """Return a pipeline that evaluates three rooms, all of them in one shard."""
    project = Project.copy_of(finished, tmp_path_factory.mktemp("shards") / "copy")

    def change(config: dict[str, Any]) -> None:
        config["datasets"]["rooms"]["generate"]["val"] = 3
        config["tables"]["rooms"]["methods"] = METHODS
        config["recipes"]["ensemble"]["members"] = 2

    project.edit_config(change)
    run(project)
    return project


def run(project: Project) -> None:
    done = project.snakemake()
    assert done.returncode == 0, done.stdout


def forget(project: Project) -> None:
    """Remove all that follows the trainings: another number of shards alone would make none of it again."""
    of_tables = [project.folder / "results" / name for name in ("tables", "reports", "figures")]
    for folder in (*project.folder.glob(f"{RUNS}/*/seed*/single"), *of_tables):
        shutil.rmtree(folder)


def results(project: Project) -> dict[str, bytes]:
    """Return the table's rows as files: metrics, replicates and tables, without the records of how they were made."""
    methods = [f"{RUNS}/{recipe}/seed0/current/single/{score}" for recipe, (score,) in METHODS.items()]
    files = [f"{method}/{name}" for method in methods for name in ("metrics.json", "replicates.npz")]
    files += ["results/tables/rooms.csv", "results/tables/rooms.differences.csv"]
    return {file: (project.folder / file).read_bytes() for file in files}


def test_number_of_shards_changes_no_result(rooms: Project, tmp_path: Path) -> None:
    project = Project.copy_of(rooms, tmp_path / "copy")
    exact = results(project)
    value("evaluation.exact", False)(project)
    assert project.would_run() == MEASURE
    run(project)
    binned = results(project)
    assert binned != exact
    value("datasets.rooms.shards", 2)(project)
    assert project.would_run() == {}
    for shards, is_exact, expected in ((2, False, binned), (4, True, exact)):
        value("datasets.rooms.shards", shards)(project)
        value("evaluation.exact", is_exact)(project)
        forget(project)
        of_shards = {"infer": 2 * shards, "ensemble": shards, "score": 2 * shards}
        assert project.would_run() == {**of_shards, "export_clouds": 2, **MEASURE}
        run(project)
        assert results(project) == expected
    assert len(list(project.folder.glob(f"{RUNS}/closed_set/seed0/current/single/outputs/*of4/*.npz"))) == 3
    jobs = Counter(job["step"] for job in project.provenance("--config", "row=2")[0]["jobs"])
    assert jobs == {
        **{"measure": 1, "score": 4, "ensemble": 4, "infer": 8, "train": 2},
        **{"check_protocol": 1, "prepare": 2, "generate_rooms": 1},
    }
    value("datasets.rooms.shards", 1)(project)
    assert project.would_run() == {}
