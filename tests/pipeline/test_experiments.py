"""Every experiment is a config that the pipeline takes."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from tests import configs
from tests.pipeline.conftest import ROOT, Project

from openworld3d.workflow.slices import train_slice

EXPERIMENTS = sorted(path.stem for path in (ROOT / "experiments").glob("*.yaml"))

TRAININGS = {
    "ign_lidarhd": 12,
    "lido_semantickitti": 8,
    "memory_cell": 18,
    "pointcam_s3dis": 2,
    "pdf_ablation": 42,
    "rooms_pdf": 9,
    "rooms_real": 6,
    "rooms_all": 11,
    "rotation": 20,
    "real_ablation": 24,
    "real_nuscenes": 5,
    "real_semantickitti": 5,
    "semantickitti_mini": 6,
    "semantickitti_other_vehicle": 2,
    "semantickitti_void": 4,
    "streets": 4,
    "streets_anomalies": 3,
    "stu": 4,
}

# Of PDF's tables every job: of each of two backbones five runs, and seven rows.
OF_PDF = {
    "check_environment": 2,  # metrics and stratified_transformer
    "check_protocol": 1,
    "train": 10,  # upper_bound, closed_set, dropout, real, pdf
    "infer": 10,
    "sample_training": 10,
    "score": 14,  # of these 1, 2, 2, 1, 1
    "measure": 14,
    "export_clouds": 14,
    "make_table": 1,
    "make_report": 1,
    "draw_figures": 1,
}
# And of its incremental one: before the step two runs, after it four, of which no training sample is drawn; pdf is
# also scored by msp, as the step's forgetting is counted from there.
INCREMENTAL = {**OF_PDF, **dict.fromkeys(("train", "infer", "measure", "export_clouds"), 6)}
# Of a closed set: one training, one row.
CLOSED = {
    "check_environment": 2,
    "check_protocol": 1,
    "train": 1,
    "infer": 1,
    "sample_training": 1,
    "score": 1,
    "measure": 1,
    "export_clouds": 1,
    "make_table": 1,
    "make_report": 1,
    "draw_figures": 1,
}
JOBS = {
    "pdf_s3dis": {"prepare": 6, **OF_PDF},  # five areas train, one evaluates
    "pdf_scannet": {"prepare": 2, **OF_PDF},
    "pdf_incremental": {"prepare": 6, **INCREMENTAL, "sample_training": 2, "relabel": 4, "score": 7},
    "s3dis_closed": {"prepare": 6, **CLOSED},
    "scannet_closed": {"prepare": 2, **CLOSED},
    # Ten sequences train, one evaluates, where 99 is void.
    "semantickitti_closed": {"prepare": 11, "label_evaluation": 1, **CLOSED},
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


def test_incremental_learning_of_pdf_starts_from_the_networks_of_its_table() -> None:
    runs = ("s3dis_pdf", "point_transformer_s3dis")
    table, incremental = (
        configs.read(ROOT / f"experiments/{name}.yaml") for name in ("pdf_s3dis", "pdf_incremental")
    )
    for recipe in ("closed_set_pt_s3dis", "pdf_pt_s3dis"):
        assert train_slice(table, *runs, recipe, "0") == train_slice(incremental, *runs, recipe, "0")
