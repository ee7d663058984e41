"""Copies of the pipeline whose Snakemake speaks to the stand-in for conda."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Dict, List, NamedTuple, Tuple

import pytest
from tests.conda.channels import OTHERS, Package, pins_of, python_package, write_channels
from tests.conda.pythons import packages_of, pythons, require_python_of_metrics
from tests.pipeline.conftest import Project, make_tiny
from tests.stacks.pythons import version_of

BASE = Path(__file__).parent / "base"

Commands = Dict[str, List[Tuple[str, str]]]


class CondaProject(Project):
    """A checkout of the pipeline that runs with `--sdm conda`; its channels lie beside it."""

    deployment = "conda"

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        super().__init__(folder)
        self.beside = folder.parent

    def variables(self) -> dict[str, str]:
        return {
            **super().variables(),
            "PATH": f"{BASE / 'bin'}:{Path(sys.executable).parent}:{os.environ['PATH']}",
            "CONDA_CHANNEL_ALIAS": (self.beside / "channels").as_uri(),
            "CONDA_PKGS_DIRS": str(self.beside / "packages"),
            "PYTHON_LOG": str(self.beside / "pythons.txt"),
        }

    def snakemake(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return super().snakemake(*arguments, "--sdm", *self.deployment.split())

    def environments(self) -> dict[str, Path]:
        """Return the environment files by name."""
        return {file.stem: file for file in sorted(self.folder.glob("envs/*.yaml"))}

    def prefixes(self) -> dict[str, Path]:
        """Return the created environments by name; Snakemake leaves a copy of the file beside each."""
        names = {file.read_text(): name for name, file in self.environments().items()}
        copies = {copy: copy.read_text() for copy in self.folder.glob(".snakemake/conda/*.yaml")}
        return {names[text]: copy.with_suffix("") for copy, text in copies.items() if text in names}

    def write_channels(self, *more: Package) -> None:
        """Write channels with the Pythons of this machine and all that the environment files pin."""
        pins = [pin for file in self.environments().values() for pin in pins_of(file) if pin.name != "python"]
        write_channels(self.beside / "channels", [*pythons(), *pins, *OTHERS, *more])

    def describe(self, python: str) -> Package:
        """Let envs/cpu.yaml pin what a Python has, and return that Python as a package of a channel of its own."""
        version = version_of(python)
        packages = "".join(f"  - stack::{name} ={version}\n" for name, version in packages_of(python).items())
        channels = "channels: [stack, conda-forge, nodefaults]\n"
        self.write("envs/cpu.yaml", f"{channels}dependencies:\n  - python ={version}\n{packages}")
        return python_package("stack", version, python)

    def run(self) -> Commands:
        """Run to the table and return, for each command, the environment and the interpreter of each job."""
        log = self.beside / "pythons.txt"
        log.unlink(missing_ok=True)
        done = self.snakemake()
        assert done.returncode == 0, done.stdout
        names = {prefix: name for name, prefix in self.prefixes().items()}
        commands: Commands = {}
        for line in log.read_text().splitlines():
            script, python, interpreter = line.split()
            commands.setdefault(Path(script).stem, []).append((names[Path(python).parents[1]], interpreter))
        jobs = commands.pop("job", [])  # starts the command of each, but of the checks of environments
        assert len(jobs) == sum(map(len, commands.values())) - len(commands["check_environment"])
        return commands


class Finished(NamedTuple):
    """A pipeline after its first complete run, and what that run ran."""

    project: CondaProject
    commands: Commands


def run_tiny(folder: Path, trains: str | None = None) -> Finished:
    """Run the tiny pipeline; a Python that `trains` is described in envs/cpu.yaml, which else is as committed."""
    require_python_of_metrics()
    project = CondaProject(folder / "project")
    project.edit_config(make_tiny)
    project.write_channels(*([project.describe(trains)] if trains else []))
    return Finished(project, project.run())


@pytest.fixture(scope="session")
def finished_conda(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """Return the tiny pipeline after a run in which the running Python trained."""
    return run_tiny(tmp_path_factory.mktemp("conda"), sys.executable)
