"""The committed recipes of the image are what Snakemake prints, and make the environments that it looks for."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.conda.conftest import CondaProject
from tests.conda.pythons import require_python_of_metrics
from tests.pipeline.conftest import KEY, ROOT

RECIPE = "containers/openworld3d.def"
CHECK = f"results/environments/metrics/{KEY}/metrics.json"


class ContainerProject(CondaProject):
    """A checkout that runs in an image; a folder beside it stands for the image's /conda-envs."""

    deployment = "conda apptainer"

    def variables(self) -> dict[str, str]:
        return {
            **super().variables(),
            "CONDA_ENVS": str(self.beside / "conda-envs"),
            "APPTAINER_LOG": str(self.beside / "apptainer.txt"),
        }

    def build(self, recipe: str) -> None:
        """Do on this machine what Apptainer does in the image."""
        files, commands = (
            recipe.replace("/conda-envs", self.variables()["CONDA_ENVS"]).split("%files")[1].split("%post")
        )
        for line in files.strip().splitlines():
            source, target = line.split()
            Path(target).parent.mkdir(parents=True)
            shutil.copy(self.folder / source, target)
        subprocess.run(["sh", "-e", "-c", commands], env=self.variables(), check=True)

    def run_check(self, check: str) -> subprocess.CompletedProcess[str]:
        """Check the environment of the metrics in the image."""
        return self.snakemake(check, "--apptainer-args=--nv", "--config", "container=image.sif")


@pytest.fixture
def container(tmp_path: Path) -> ContainerProject:
    """Return a pipeline that has not run, with channels from which an image can be built."""
    project = ContainerProject(tmp_path / "project")
    project.write_channels()
    return project


@pytest.mark.parametrize(("form", "file"), [("dockerfile", "containers/Dockerfile"), ("apptainer", RECIPE)])
def test_committed_recipe_is_what_snakemake_prints(container: ContainerProject, form: str, file: str) -> None:
    targets = ("all", "incremental", "environments", "pseudo_masks")
    command = [sys.executable, "-m", "snakemake", *targets, "--containerize", form]
    printed = subprocess.run(
        command, cwd=container.folder, env=container.variables(), stdout=subprocess.PIPE, text=True
    ).stdout
    assert (ROOT / file).read_text() == printed, "envs/ has changed since `make containers`"


def test_environments_of_the_image_are_used_and_none_is_created(container: ContainerProject) -> None:
    require_python_of_metrics()
    container.build((ROOT / RECIPE).read_text())
    check = container.planned(CHECK, "environments")
    done = container.run_check(check)
    assert done.returncode == 0, done.stdout
    assert container.prefixes() == {}
    script, python, _ = (container.beside / "pythons.txt").read_text().split()
    assert script == "workflow_scripts/check_environment.py"
    assert Path(python).is_relative_to(container.beside / "conda-envs")
    last = (container.beside / "apptainer.txt").read_text().splitlines()[-1]
    assert "--nv" in last.split()
    assert "image.sif" in last.split()
    assert "Nothing to be done" in container.run_check(check).stdout


def test_image_without_the_changed_environment_is_refused(container: ContainerProject) -> None:
    container.build((ROOT / RECIPE).read_text())
    container.write("envs/metrics.yaml", container.read("envs/metrics.yaml") + "# changed\n")
    done = container.run_check(container.planned(CHECK, "environments"))
    assert done.returncode != 0
    assert "Unable to find environment in container image" in done.stdout
