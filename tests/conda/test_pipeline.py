"""With `--sdm conda` each rule runs its environment's Python, and a changed file re-runs that environment alone."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from tests.conda.channels import pins_of
from tests.conda.conftest import Finished, run_tiny
from tests.conda.pythons import packages_of
from tests.pipeline.conftest import KEY
from tests.pipeline.test_reruns import GENERATE, TRAIN, Jobs
from tests.stacks.pythons import OLDEST, stack_python, version_of

ASKS = ("train", "infer", "sample_training")


def check_run(finished: Finished, python: str) -> None:
    """Check that a Python ran the network, that the running one did the rest, and that the table is there."""
    project, commands = finished
    assert {name: len(jobs) for name, jobs in commands.items()} == {"check_environment": 2, **GENERATE}
    assert set(commands.pop("check_environment")) == {("cpu", python), ("metrics", sys.executable)}
    for name, jobs in commands.items():
        assert set(jobs) == {("cpu", python) if name in ASKS else ("metrics", sys.executable)}, name
    (check,) = project.folder.glob(f"results/environments/cpu/{KEY}/cpu.json")
    assert json.loads(check.read_text())["python"] == version_of(python)
    assert "msp" in project.read("results/tables/rooms.csv")


def test_running_python_trains(finished_conda: Finished) -> None:
    check_run(finished_conda, sys.executable)


@pytest.mark.stacks
def test_oldest_stack_trains_in_the_committed_environment(tmp_path: Path) -> None:
    python = stack_python(OLDEST)
    finished = run_tiny(tmp_path)
    pins = {pin.name: pin.version for pin in pins_of(finished.project.environments()["cpu"])}
    assert packages_of(python).items() <= pins.items()
    check_run(finished, python)


def test_second_run_does_nothing(finished_conda: Finished) -> None:
    assert finished_conda.project.would_run() == {}


def test_file_of_an_environment_that_is_not_used_changes_nothing(finished_conda: Finished) -> None:
    project, file = finished_conda.project, "envs/real_cylinder3d.yaml"
    project.write(file, f"# A comment.\n{project.read(file)}")
    assert project.would_run() == {}


@pytest.mark.parametrize(
    ("name", "before", "after", "jobs"),
    [
        ("cpu", "dependencies:", "dependencies: # a comment", {}),
        ("cpu", "conda-forge, nodefaults]", "nodefaults, conda-forge]", {"check_environment": 1, **TRAIN}),
        # Another Python could make other rooms.
        ("metrics", "numpy =2.4.6", "numpy =1.24.4", {"check_environment": 1, **GENERATE}),
    ],
)
def test_changed_file_reruns_its_environment(
    finished_conda: Finished, name: str, before: str, after: str, jobs: Jobs
) -> None:
    project, file = finished_conda.project, f"envs/{name}.yaml"
    text = project.read(file)
    assert before in text
    project.write(file, text.replace(before, after))
    assert project.would_run() == jobs
    project.write(file, text)
