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
    "pdf_ablation": 39,
    "rooms_pdf": 9,
    "rooms_real": 6,
    "rotation": 20,
    "real_ablation": 24,
    "real_nuscenes": 2,
    "real_semantickitti": 2,
    "semantickitti_mini": 6,
    "streets": 4,
}


def read(name: str) -> dict[str, Any]:
    return yaml.safe_load((ROOT / f"experiments/{name}.yaml").read_text())


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_experiment_is_planned(project: Project, name: str) -> None:
    jobs = project.would_run("--configfile", f"experiments/{name}.yaml")
    assert jobs["train"] == TRAININGS.get(name, 1)
    assert jobs["make_table"] == 1
    assert read(name)["table"] == name
