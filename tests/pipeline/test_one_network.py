"""Protocols that differ in evaluation alone have one network, trained for the first and copied for the others."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.pipeline.conftest import KEY, Project, make_tiny

RUN = "results/runs/{}/stratified_small/closed_set/seed0"


def two_evaluations(config: dict[str, Any]) -> None:
    """Evaluate the tiny experiment by another definition too."""
    make_tiny(config)
    config["protocols"]["another"] = {"extends": "sofa", "fpr95": "strict"}
    config["tables"]["rooms"].update(protocols=["sofa", "another"], methods={"closed_set": ["msp"]})


def rename(config: dict[str, Any]) -> None:
    """Give the protocol another name."""
    config["protocols"]["renamed"] = config["protocols"].pop("sofa")
    config["tables"]["rooms"]["protocols"] = ["renamed"]


def made_by(project: Project, protocol: str) -> tuple[bytes, dict[str, Any], str]:
    """Return the weights of a protocol's network, their record, and the log of their job."""
    (weights,) = project.folder.glob(f"{RUN.format(protocol)}/{KEY}/weights.npz")
    (log,) = (project.folder / "logs/train").glob(f"{protocol}.*.log")
    return weights.read_bytes(), json.loads(weights.with_suffix(".provenance.json").read_text()), log.read_text()


def costs(report: Path) -> list[float]:
    """Return the seconds of training that a report gives its rows."""
    data = report.read_text().split('id="data"', 1)[1].split(">", 1)[1].split("</script>", 1)[0]
    return [row["cost"]["train"] for row in json.loads(data)["rows"]]


def test_second_protocol_gets_the_network_of_the_first(finished: Project, tmp_path: Path) -> None:
    project = Project.with_checks_of(finished, tmp_path)
    project.edit_config(two_evaluations)
    done = project.snakemake()
    assert done.returncode == 0, done.stdout
    first, of_first, _ = made_by(project, "another")
    second, of_second, log = made_by(project, "sofa")
    assert first == second
    assert "has the same key" in log
    assert "made_as" not in of_first
    assert of_second["made_as"]["protocol"] == "another"
    assert (project.folder / RUN.format("sofa") / "current/weights.npz").exists()
    one, other = costs(project.folder / "results/reports/rooms.html")
    assert one == other > 0.5
    assert project.would_run() == {}


def test_network_of_a_protocol_that_was_renamed_is_not_trained_again(copy: Project) -> None:
    copy.edit_config(rename)
    done = copy.snakemake()
    assert done.returncode == 0, done.stdout
    assert "has the same key" in made_by(copy, "renamed")[2]


def test_what_is_forced_is_trained(copy: Project) -> None:
    copy.edit_config(two_evaluations)
    assert copy.snakemake().returncode == 0
    done = copy.snakemake("--forcerun", "train")
    assert done.returncode == 0, done.stdout
    assert "has the same key" not in made_by(copy, "another")[2]


@pytest.mark.parametrize("forced", ["", "yes"])
def test_job_on_a_cluster_learns_that_it_is_forced(
    copy: Project, monkeypatch: pytest.MonkeyPatch, forced: str
) -> None:
    monkeypatch.setenv("OPENWORLD3D_FORCED", forced)
    (weights,) = copy.folder.glob(f"{RUN.format('sofa')}/{KEY}/weights.npz")
    asked = ("--dry-run", "--printshellcmds", "--force", str(weights.relative_to(copy.folder)))
    assert ('"elsewhere": ""' in copy.snakemake(*asked).stdout) == bool(forced)
