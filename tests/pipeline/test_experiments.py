"""Every experiment is a config that the pipeline takes, and the published networks have the published size."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from tests.pipeline.conftest import ROOT, Project

from openworld3d.backbones.stratified_transformer import build

EXPERIMENTS = sorted(path.stem for path in (ROOT / "experiments").glob("*.yaml"))
# Lai et al., CVPR 2022, with the trained parameters of 13 and 20 classes.
MILLIONS = {"rooms_s3dis_scale": 8.02, "scannet": 18.80}


def read(name: str) -> dict[str, Any]:
    return yaml.safe_load((ROOT / f"experiments/{name}.yaml").read_text())


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_experiment_is_planned(project: Project, name: str) -> None:
    jobs = project.would_run("--configfile", f"experiments/{name}.yaml")
    assert jobs["train"] == 1
    assert jobs["make_table"] == 1
    assert read(name)["table"] == name


@pytest.mark.parametrize("name", MILLIONS)
def test_published_network_has_its_size(name: str) -> None:
    (config,) = read(name)["backbones"].values()
    network = build(config, 6, {"rooms_s3dis_scale": 13, "scannet": 20}[name])
    trained = sum(parameter.numel() for parameter in network.parameters() if parameter.requires_grad)
    assert round(trained / 1e6, 2) == MILLIONS[name]
