"""Results that several calls, checkouts or machines share: nobody damages or repeats another's work."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from tests.pipeline.conftest import EPOCHS, Project, longer, make_tiny
from tests.pipeline.disturbed import RUN, contents
from tests.pipeline.edits import value


def test_second_call_is_refused_while_the_first_runs(finished: Project, tmp_path: Path) -> None:
    project = Project.copy_of(finished, tmp_path / "copy")
    longer(project)
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


def test_checkouts_share_results(finished: Project, copy: Project, tmp_path: Path) -> None:
    """Another checkout makes its own config's results beside those of the first, and what both have it makes once."""
    other = Project.copy_of(copy, tmp_path / "other")
    for part in ("results", ".snakemake"):
        shutil.rmtree(other.folder / part)
    (other.folder / "results").symlink_to(copy.folder / "results")
    assert other.would_run() == {}
    longer(other)
    assert "prepare" not in other.would_run()
    assert other.snakemake().returncode == 0
    assert contents(copy) != contents(finished)
    assert "Nothing to be done" in copy.snakemake().stdout
    assert contents(copy) == contents(finished)


def test_results_go_on_elsewhere(finished: Project, tmp_path: Path) -> None:
    """A fresh checkout takes results over, all of them newer than they were, without what Snakemake remembers."""
    elsewhere = Project(tmp_path)
    elsewhere.write("config.yaml", finished.read("config.yaml"))
    subprocess.run(["cp", "-r", finished.folder / "results", elsewhere.folder], check=True)  # with new times
    assert elsewhere.would_run() == {}
    assert elsewhere.would_run("--forcerun", "check_environment") == {"check_environment": 2}
    value("scores.energy.temperature", 2.0)(elsewhere)
    done = elsewhere.snakemake()
    assert done.returncode == 0, done.stdout
    weights = [next(project.folder.glob(f"{RUN}/current/weights.npz")).stat() for project in (elsewhere, finished)]
    assert weights[0].st_size == weights[1].st_size
    assert len(list(elsewhere.folder.glob(f"{RUN}/*/weights.npz"))) == 2  # by its key, and by the link


def test_raw_files_may_move(finished: Project, checked: Project) -> None:
    """A dataset under another root, copied with new times, is the same dataset."""

    def brought(config: dict[str, Any]) -> None:
        make_tiny(config)
        config["datasets"]["rooms"] = {"layout": "scannet", "root": "scans"}

    shutil.copytree(finished.folder / "results/raw/rooms/current/raw", checked.folder / "scans")
    checked.edit_config(brought)
    assert checked.snakemake().returncode == 0
    subprocess.run(["cp", "-r", "scans", "elsewhere"], cwd=checked.folder, check=True)
    shutil.rmtree(checked.folder / "scans")
    value("datasets.rooms.root", "elsewhere")(checked)
    assert checked.would_run() == {}


@pytest.fixture
def copy_of_both(both: Project, tmp_path: Path) -> Project:
    """Return a copy of the pipeline that has run two configs, which a test may change."""
    return Project.copy_of(both, tmp_path / "both")


def test_experiments_that_define_one_name_differently_stand_side_by_side(
    copy_of_both: Project, finished: Project, both: Project
) -> None:
    project = copy_of_both
    project.write("config.yaml", finished.read("config.yaml"))
    project.write("experiments/longer.yaml", f"recipes: {{closed_set: {{epochs: {EPOCHS}}}}}\n")
    for arguments, of in (([], finished), (["--configfile", "experiments/longer.yaml"], both)):
        assert "Nothing to be done" in project.snakemake(*arguments).stdout
        assert contents(project) == contents(of)


def test_outputs_that_are_replaced_go_where_the_config_says_so(copy: Project) -> None:
    value("keep_old", False)(copy)
    (before,) = copy.folder.glob(f"{RUN}/single/*/outputs")
    longer(copy)
    assert copy.snakemake().returncode == 0
    (after,) = copy.folder.glob(f"{RUN}/single/*/outputs")
    assert after != before


def test_prune_lists_and_deletes_what_no_table_reaches(copy_of_both: Project, finished: Project) -> None:
    copy = copy_of_both
    value("recipes.closed_set.epochs", 1)(copy)
    assert copy.snakemake().returncode == 0
    before = sorted((copy.folder / "results").rglob("*"))
    told = copy.snakemake("prune", "--quiet", "all").stdout
    assert sorted((copy.folder / "results").rglob("*")) == before
    weights = [file.parent for file in copy.folder.glob(f"{RUN}/*/weights.npz") if "current" not in file.parts]
    shown = (copy.folder / RUN / "current/weights.npz").resolve().parent
    (old,) = [folder for folder in weights if folder != shown]
    assert f"{old.relative_to(copy.folder)}\n" in told
    assert str(shown.relative_to(copy.folder)) not in told
    assert copy.snakemake("prune", "--quiet", "all", "--config", "really=true").returncode == 0
    assert not old.exists()
    assert "Nothing to be done" in copy.snakemake().stdout
    assert contents(copy) == contents(finished)
    assert "0 B in 0 results" in copy.snakemake("prune", "--quiet", "all").stdout


def test_why_prints_which_part_of_two_keys_differs(copy_of_both: Project, finished: Project) -> None:
    copy = copy_of_both
    before = (finished.folder / "results/tables/rooms.csv").resolve().parent.name
    value("scores.energy.temperature", 2.0)(copy)
    assert copy.snakemake().returncode == 0
    after = (copy.folder / "results/tables/rooms.csv").resolve().parent.name
    told = copy.snakemake("why", "--quiet", "all", "--config", f"this={before}", f"that={after}").stdout
    assert f"1 training: recipes.closed_set.epochs 1 -> {EPOCHS}\n" in told
    assert "1 scoring: scores.energy.temperature 1.0 -> 2.0\n" in told
    assert "error: key 'abc'" in copy.snakemake("why", "--config", "this=abc", f"that={after}").stdout
