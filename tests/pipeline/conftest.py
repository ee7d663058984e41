"""A copy of the pipeline on two tiny rooms, run once; tests edit it and ask what would run."""

from __future__ import annotations

import fnmatch
import os
import re
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Callable, Iterator, Self

import pytest
import yaml
from tests.pipeline import forked
from tests.warm import NO_GPU

ROOT = Path(__file__).resolve().parents[2]
# What a key looks like, in a pattern of file names.
KEY = "[a-p]" * 12
# All that Snakemake has to say: but for the host's name, nothing is quiet.
EVERYTHING = ("--quiet", "host")
CHECKED = "results/environments"
EPOCHS = 3  # of the longer training
PARTS = (
    "Snakefile",
    "rules",
    "workflow_scripts",
    "envs",
    "schemas",
    "published",
    "report",
    "profiles",
    "config.yaml",
    "experiments",
)


class Project:
    """A checkout of the pipeline in a folder of its own, and what its first run printed, where that is known."""

    first_run = ""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for part in PARTS:
            source = ROOT / part
            if source.is_dir():
                shutil.copytree(source, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, folder / part)

    @classmethod
    def copy_of(cls, other: Project, folder: Path) -> Project:
        """Return a copy of a pipeline, its results included."""
        shutil.copytree(other.folder, folder, symlinks=True)
        copied = cls.__new__(cls)
        copied.folder = folder
        return copied

    @classmethod
    def with_checks_of(cls, finished: Project, folder: Path) -> Self:
        """Return a pipeline that has not run, where another has checked its environments."""
        project = cls(folder)
        shutil.copytree(finished.folder / CHECKED, folder / CHECKED, symlinks=True)
        return project

    def snakemake(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run Snakemake and return what it printed, errors too."""
        return forked.snakemake(["--cores", "2", *arguments], self.folder, self.variables())

    def variables(self) -> dict[str, str]:
        """Return the environment variables that Snakemake sees: no GPU; compiled files are kept."""
        kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        return {**kept, **NO_GPU}

    def would_run(self, *arguments: str) -> dict[str, int]:
        """Return how many jobs of each rule a run would start."""
        done = self.snakemake("--dry-run", *arguments)
        assert done.returncode == 0, done.stdout
        if "Nothing to be done" in done.stdout:
            return {}
        block = done.stdout.split("Job stats:")[1].split("\n\n")[0]
        jobs = {name: int(count) for name, count in re.findall(r"^(\w+) +(\d+)$", block, re.MULTILINE)}
        return {name: count for name, count in jobs.items() if name not in ("total", "all", "job")}

    def planned(self, pattern: str, *arguments: str) -> str:
        """Return the one output that a run would make and that fits a pattern of file names."""
        done = self.snakemake("--dry-run", *arguments, *EVERYTHING)
        assert done.returncode == 0, done.stdout
        lines = re.findall(r"^ *output: (.+)$", done.stdout, re.MULTILINE)
        outputs = {output for line in lines for output in line.split(", ")}
        (found,) = fnmatch.filter(outputs, pattern)
        return found

    def provenance(self, *arguments: str) -> list[dict[str, Any]]:
        """Return the documents that `snakemake provenance` prints."""
        done = self.snakemake("provenance", "--quiet", "all", *arguments)
        assert done.returncode == 0, done.stdout
        return list(yaml.safe_load_all("---" + done.stdout.split("---", 1)[1]))

    def read(self, file: str) -> str:
        return (self.folder / file).read_text()

    def write(self, file: str, text: str) -> None:
        (self.folder / file).write_text(text)

    def edit_config(self, change: Callable[[dict[str, Any]], object]) -> None:
        """Change config.yaml as its reader sees it."""
        config = yaml.safe_load(self.read("config.yaml"))
        change(config)
        self.write("config.yaml", yaml.safe_dump(config, sort_keys=False))


def make_tiny(config: dict[str, Any]) -> None:
    """Shrink the default experiment to two rooms, one epoch and two scores."""
    config["datasets"]["rooms"]["generate"].update(train=1, val=1, spacing=0.08)
    config["backbones"]["stratified_small"].update(
        grid_size=0.2, quant_size=0.05, num_layers=3, depths=[1, 1, 1], channels=[16, 16, 16], num_heads=[1, 1, 1]
    )
    for recipe in config["recipes"].values():
        recipe.update({name: 1 for name in ("epochs", "loop") if name in recipe})
    config["recipes"]["closed_set"]["keep_epochs"] = [1]
    config["recipes"]["pdf"].update(start_epoch=1, epochs=2)
    config["tables"]["rooms"].update(methods={"closed_set": ["msp", "energy"]})


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return the tiny pipeline after one complete run."""
    project = Project(tmp_path_factory.mktemp("project"))
    project.edit_config(make_tiny)
    done = project.snakemake()
    assert done.returncode == 0, done.stdout
    project.first_run = done.stdout
    return project


@contextmanager
def edited(project: Project, edit: Callable[[Project], object]) -> Iterator[None]:
    """Edit a pipeline's files, and take that back."""
    before = {file: file.read_bytes() for file in sources(project.folder)}
    edit(project)
    try:
        yield
    finally:
        for file in sources(project.folder):
            if file not in before:
                file.unlink()
        for file, content in before.items():
            if not file.exists() or file.read_bytes() != content:
                file.write_bytes(content)


def sources(folder: Path) -> list[Path]:
    """Return the files of a pipeline that are no results."""
    made = ("results", "logs", ".snakemake", "hidden")
    parts = [part for part in folder.iterdir() if part.name not in made]
    files = [file for part in parts for file in [part, *part.rglob("*")]]
    return [file for file in files if file.is_file() and file.suffix != ".pyc"]


def longer(project: Project) -> None:
    """Let the closed set train for more epochs."""
    project.edit_config(lambda config: config["recipes"]["closed_set"].update(epochs=EPOCHS))


@pytest.fixture(scope="session")
def both(finished: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return the finished pipeline after a run of more epochs too, which its links show."""
    project = Project.copy_of(finished, tmp_path_factory.mktemp("both") / "copy")
    longer(project)
    done = project.snakemake()
    assert done.returncode == 0, done.stdout
    return project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Return a copy of the pipeline that has not run."""
    return Project(tmp_path)


@pytest.fixture
def checked(finished: Project, tmp_path: Path) -> Project:
    """Return a copy of the pipeline that has not run, on checked environments."""
    return Project.with_checks_of(finished, tmp_path)


@pytest.fixture
def copy(finished: Project, tmp_path: Path) -> Project:
    """Return a copy of the finished pipeline, which a test may change."""
    return Project.copy_of(finished, tmp_path / "copy")
