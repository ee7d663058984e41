"""The tutorial's files and commands, in order, on the finished tiny pipeline; Snakemake plans what it would run."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from typing import NamedTuple

import pytest
from tests.pipeline.conftest import ROOT, Project

BLOCK = re.compile(r"([^\n]*)\n\n?```(\w*)\n(.*?)```", re.DOTALL)
FILE = re.compile(r"`([\w/]+\.\w+)`")


class Block(NamedTuple):
    """A code block of a page, its language, and the line before it."""

    before: str
    language: str
    text: str


def blocks() -> list[Block]:
    """Return the code blocks of the tutorial."""
    return [Block(*found) for found in BLOCK.findall((ROOT / "docs/tutorial.md").read_text())]


@pytest.fixture(scope="module")
def followed(finished: Project, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return what each command of the tutorial printed; for `make demo` stands the finished pipeline."""
    project = Project.copy_of(finished, tmp_path_factory.mktemp("tutorial") / "copy")
    shutil.copytree(ROOT / "tests", project.folder / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", project.folder)
    replacements: list[str] = []
    printed = {}
    for block in blocks():
        if block.language == "yaml" or block.text.startswith("from pathlib"):
            file = FILE.findall(block.before)[-1]
            project.write(file, block.text)
        elif block.language == "python":
            replacements.append(block.text)
        for command in block.text.splitlines() if not block.language else []:
            if "pytest" in command:
                score, test = replacements
                replace(project, "workflow_scripts/openworld3d/scores/runner_up.py", r"    return .*\n\Z", score)
                replace(project, "tests/scores/test_runner_up.py", r"(?s)@pytest.*\Z", test)
            printed[command] = run(project, command)
    return printed


def replace(project: Project, file: str, pattern: str, text: str) -> None:
    """Replace what a pattern finds once in a file."""
    after, found = re.subn(pattern, lambda _: text, project.read(file))
    assert found == 1
    project.write(file, after)


def run(project: Project, command: str) -> str:
    """Run a command of the tutorial as a newcomer would, Snakemake without its jobs; return what it printed."""
    program, *arguments = shlex.split(command)
    if (program, *arguments[:1]) == ("make", "demo") or program == "cat" or "-n" in arguments:
        return ""  # what a dry run says is also asked of the run that follows it
    if program == ".venv/bin/snakemake":
        done = project.snakemake("--dry-run", *arguments)
    else:
        programs = {
            "make": ["make", "-o", ".venv/installed", f"BIN={sys.prefix}/bin", "-f", str(ROOT / "Makefile")],
            ".venv/bin/pytest": [sys.executable, "-m", "pytest", "-p", "no:cacheprovider"],
            ".venv/bin/python": [sys.executable],
        }
        done = subprocess.run(
            [*programs[program], *arguments], cwd=project.folder, capture_output=True, text=True, check=False
        )
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


def jobs(printed: str) -> dict[str, int]:
    """Return how many jobs of each rule a dry run lists."""
    return {name: int(count) for name, count in re.findall(r"^(\w+) +(\d+)$", printed, re.MULTILINE)}


def test_second_call_has_nothing_to_do(followed: dict[str, str]) -> None:
    assert "Nothing to be done" in followed[".venv/bin/snakemake"]


def test_score_passes_its_test_and_the_laws(followed: dict[str, str]) -> None:
    found = re.search(r"(\d+) passed", followed[".venv/bin/pytest tests/scores -k runner_up"])
    assert found is not None
    assert int(found[1]) > 10


def test_own_score_runs_no_network(followed: dict[str, str]) -> None:
    planned = jobs(followed[".venv/bin/snakemake --configfile experiments/first.yaml"])
    assert planned["make_table"] == 1
    assert planned["score"] == 2  # the tiny pipeline has msp alone of the two beside it
    assert not {"train", "infer", "sample_training", "prepare"} & set(planned)


def test_own_data_are_prepared_before_one_training(followed: dict[str, str]) -> None:
    looked_at = jobs(followed[".venv/bin/snakemake protocols --configfile experiments/yards.yaml"])
    assert looked_at["prepare"] == 2
    assert "train" not in looked_at
    assert jobs(followed[".venv/bin/snakemake --configfile experiments/yards.yaml"])["train"] == 1
