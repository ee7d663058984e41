"""Each file of envs/, solved on local channels, selects what it pins; a looser pin selects something else."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
import yaml
from tests.conda.channels import Package, pins_of
from tests.conda.conftest import BASE, CondaProject
from tests.pipeline.conftest import ROOT
from tests.stacks.pythons import find_python, version_of

NAMES = sorted(file.stem for file in ROOT.glob("envs/*.yaml"))


def installed(prefix: Path) -> dict[str, Package]:
    """Return the packages of an environment."""
    records = [json.loads(file.read_text()) for file in prefix.glob("conda-meta/*.json")]
    return {
        record["name"]: Package(
            record["channel"].rstrip("/").split("/")[-1], record["name"], record["version"], record["build"]
        )
        for record in records
    }


@pytest.fixture(scope="module")
def created(tmp_path_factory: pytest.TempPathFactory) -> CondaProject:
    """Return a pipeline for which Snakemake has created every environment."""
    project = CondaProject(tmp_path_factory.mktemp("environments") / "project")
    project.write_channels()
    done = project.snakemake("environments", "--conda-create-envs-only")
    assert done.returncode == 0, done.stdout
    return project


@pytest.mark.parametrize("name", NAMES)
def test_environment_has_what_its_file_pins_and_no_more(created: CondaProject, name: str) -> None:
    packages = installed(created.prefixes()[name])
    python = packages.pop("python")
    pins = {pin.name: pin for pin in pins_of(created.environments()[name])}
    assert f"{python.version}.".startswith(f"{pins.pop('python').version}.")
    assert packages == pins


@pytest.mark.parametrize("name", NAMES)
def test_python_of_the_environment_answers(created: CondaProject, name: str) -> None:
    version = next(pin.version for pin in pins_of(created.environments()[name]) if pin.name == "python")
    if not find_python(version):
        pytest.skip(f"this machine has no Python {version}; make test-old says how to have one")
    assert version_of(str(created.prefixes()[name] / "bin/python")).startswith(f"{version}.")


@pytest.mark.parametrize("name", NAMES)
def test_pip_section_is_noted_and_not_installed(created: CondaProject, name: str) -> None:
    lines = yaml.safe_load(created.environments()[name].read_text())["dependencies"]
    pip = [line for entry in lines if isinstance(entry, dict) for line in entry["pip"]]
    assert (created.prefixes()[name] / "pip.txt").read_text().splitlines() == pip


def create(
    project: CondaProject, name: str, before: str, after: str, folder: Path
) -> subprocess.CompletedProcess[str]:
    """Create an environment from a changed file."""
    text = project.environments()[name].read_text()
    assert before in text
    (folder / "changed.yaml").write_text(text.replace(before, after))
    return subprocess.run(
        [BASE / "bin/conda", "env", "create", "--file", "changed.yaml", "--prefix", "prefix"],
        cwd=folder,
        env=project.variables(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


LOOSER: dict[str, tuple[str, str, str, Package]] = {
    "a bare version of pytorch gets the CPU build": (
        "stratified_transformer",
        "=py3.8_cuda11.1_cudnn8.0.5_0",
        "",
        Package("pytorch", "pytorch", "1.8.1", "py3.8_cpu_0"),
    ),
    "the first channel that has pytorch is taken, though the next has a newer one": (
        "cpu",
        "pytorch::pytorch =1.8.1=py3.8_cpu_0",
        "pytorch",
        Package("pytorch", "pytorch", "1.8.1", "py3.8_cpu_0"),
    ),
    "torch-scatter holds pytorch at 1.8, though there is a newer one": (
        "cpu",
        "pytorch::pytorch =1.8.1=py3.8_cpu_0",
        "conda-forge::pytorch",
        Package("conda-forge", "pytorch", "1.8.2", "cpu_py38_0"),
    ),
    "mkl without a version is too new for torch 1.8": (
        "cpu",
        "mkl =2021.4",
        "mkl",
        Package("conda-forge", "mkl", "2024.1.0"),
    ),
    "numpy without a version has no np.int": (
        "cpu",
        "numpy =1.21.6",
        "numpy",
        Package("conda-forge", "numpy", "2.4.6"),
    ),
    "cudatoolkit without a version is held by pytorch": (
        "stratified_transformer",
        "cudatoolkit =11.1.1",
        "cudatoolkit",
        Package("conda-forge", "cudatoolkit", "11.1.1"),
    ),
}


@pytest.mark.parametrize("trap", LOOSER)
def test_looser_pin_selects_something_else(created: CondaProject, tmp_path: Path, trap: str) -> None:
    name, before, after, expected = LOOSER[trap]
    done = create(created, name, before, after, tmp_path)
    assert done.returncode == 0, done.stdout
    assert installed(tmp_path / "prefix")[expected.name] == expected


IMPOSSIBLE: dict[str, tuple[str, str, str]] = {
    "torch-scatter for another CUDA": ("stratified_transformer", "py38_torch_1.8.0_cu111", "py38_torch_1.8.0_cu102"),
    "cudatoolkit ==11.1": ("stratified_transformer", "cudatoolkit =11.1.1", "cudatoolkit ==11.1"),
    "cudatoolkit of another CUDA": ("real_cylinder3d", "cudatoolkit =11.1.1", "cudatoolkit =11.3"),
    "torch 1.8 on a new Python": ("cpu", "python =3.8", "python =3.11"),
    "torch 1.8 from conda-forge": ("cpu", "pytorch::pytorch", "conda-forge::pytorch"),
}


@pytest.mark.parametrize("trap", IMPOSSIBLE)
def test_pins_that_do_not_go_together_are_refused(created: CondaProject, tmp_path: Path, trap: str) -> None:
    done = create(created, *IMPOSSIBLE[trap], tmp_path)
    assert done.returncode != 0
    assert "Cannot solve the request" in done.stdout
    assert not (tmp_path / "prefix").exists()
