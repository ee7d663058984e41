"""Results that several calls, checkouts or machines share: nobody damages or repeats another's work."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

from tests.pipeline.conftest import Project
from tests.pipeline.test_reruns import value

WEIGHTS = "results/runs/sofa/stratified_small/closed_set/seed0/weights.npz"


def test_second_call_is_refused_while_the_first_runs(finished: Project, tmp_path: Path) -> None:
    project = Project.copy_of(finished, tmp_path / "copy")
    value("recipes.closed_set.epochs", 20)(project)
    command = [sys.executable, "-m", "snakemake", "--cores", "1"]
    first = subprocess.Popen(command, cwd=project.folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not list((project.folder / ".snakemake/locks").glob("*.lock")):
        assert first.poll() is None
        time.sleep(0.1)
    second = project.snakemake()
    assert first.poll() is None
    assert second.returncode != 0
    assert "Directory cannot be locked" in second.stdout
    assert first.wait() == 0
    assert project.would_run() == {}


def test_other_checkout_is_refused_the_results_of_the_first(finished: Project, tmp_path: Path) -> None:
    first, second = Project.copy_of(finished, tmp_path / "first"), Project.copy_of(finished, tmp_path / "second")
    for part in ("results", ".snakemake"):
        shutil.rmtree(second.folder / part)
    (second.folder / "results").symlink_to(first.folder / "results")
    refused = second.snakemake()
    assert refused.returncode != 0
    assert "results was made under another .snakemake" in refused.stdout
    shutil.rmtree(second.folder / ".snakemake")
    (second.folder / ".snakemake").symlink_to(first.folder / ".snakemake")
    assert second.would_run() == {}


def test_results_go_on_elsewhere(finished: Project, tmp_path: Path) -> None:
    """A fresh checkout, whose files are all newer than the results, takes them over with their history."""
    elsewhere = Project(tmp_path)
    elsewhere.write("config.yaml", finished.read("config.yaml"))
    for part in ("results", ".snakemake"):
        shutil.copytree(finished.folder / part, elsewhere.folder / part)
    assert elsewhere.would_run() == {}
    assert elsewhere.would_run("--forcerun", "check_environment") == {"check_environment": 2}
    value("scores.energy.temperature", 2.0)(elsewhere)
    done = elsewhere.snakemake()
    assert done.returncode == 0, done.stdout
    weights = [(project.folder / WEIGHTS).stat() for project in (elsewhere, finished)]
    assert weights[0].st_mtime == weights[1].st_mtime


def test_history_that_is_lost_is_missed(finished: Project, tmp_path: Path) -> None:
    project = Project.copy_of(finished, tmp_path / "copy")
    shutil.rmtree(project.folder / ".snakemake")
    assert "results was made under another .snakemake" in project.snakemake().stdout
    (project.folder / "results/.history").unlink()
    assert project.snakemake("--dry-run").returncode == 0
