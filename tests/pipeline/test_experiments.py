"""Every experiment is a config that the pipeline takes."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from tests.pipeline.conftest import ROOT, Project

EXPERIMENTS = sorted(path.stem for path in (ROOT / "experiments").glob("*.yaml"))

TRAININGS = {
    "ign_lidarhd": 12,
    "memory_cell": 18,
    "pdf_ablation": 42,
    "rooms_pdf": 9,
    "rooms_real": 6,
    "rooms_all": 7,
    "rotation": 20,
    "real_ablation": 24,
    "real_nuscenes": 2,
    "real_semantickitti": 2,
    "semantickitti_mini": 6,
    "streets": 4,
}

# Of PDF's tables every job: five runs, and seven rows.
OF_PDF = {
    "check_environment": 2,  # metrics and stratified_transformer
    "check_protocol": 1,
    "train": 5,  # upper_bound, closed_set, dropout, real, pdf
    "infer": 5,
    "sample_training": 5,
    "score": 7,  # of these 1, 2, 2, 1, 1
    "measure": 7,
    "export_clouds": 7,
    "make_table": 1,
}
JOBS = {
    "pdf_s3dis": {"prepare": 6, **OF_PDF},  # five areas train, one evaluates
    "pdf_scannet": {"prepare": 2, **OF_PDF},
}


def read(name: str) -> dict[str, Any]:
    return yaml.safe_load((ROOT / f"experiments/{name}.yaml").read_text())


@pytest.mark.parametrize("name", [name for name in EXPERIMENTS if name not in JOBS])
def test_experiment_is_planned(project: Project, name: str) -> None:
    jobs = project.would_run("--configfile", f"experiments/{name}.yaml")
    assert jobs["train"] == TRAININGS.get(name, 1)
    assert jobs["make_table"] == 1
    assert read(name)["table"] == name


@pytest.mark.parametrize("name", JOBS)
def test_these_jobs_and_no_others_are_planned(project: Project, name: str) -> None:
    assert project.would_run("--configfile", f"experiments/{name}.yaml") == JOBS[name]
    assert read(name)["table"] == name
