"""Every file of envs/ fits, and each combination that is known to be bad is refused."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from tests.environment.pins import PIN, REQUIRES, pip_lines, refusals

from openworld3d.environment.requirements import REQUIREMENTS
from openworld3d.plugins import plugin_names
from openworld3d.provenance.code import code_of, imported_names

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / "envs").glob("*.yaml"))
COMMANDS = {
    "metrics": [
        "generate_rooms",
        "generate_streets",
        "generate_street_anomalies",
        "prepare",
        "check_protocol",
        "score",
        "measure",
        "make_table",
        "make_report",
        "draw_figures",
        "export_clouds",
    ],
    "network": ["train", "infer", "sample_training", "relabel", "ensemble", "export_pseudo_masks"],
}
NUMPY_ALONE = """
import importlib.abc, sys
known = {*sys.stdlib_module_names, "numpy", "openworld3d", "job"}
class Refuse(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.split(".")[0] not in known:
            raise ModuleNotFoundError(f"{name} is imported")
sys.meta_path.insert(0, Refuse())
import job
"""


def test_every_file_is_described() -> None:
    assert {file.stem for file in FILES} == set(REQUIREMENTS)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_file_fits(file: Path) -> None:
    assert list(refusals(file)) == []


STRATIFIED = "stratified_transformer"
BAD = [
    (STRATIFIED, "python =3.8", "python =3.10", "pytorch 1.8.1 has no build py3.8_cuda11.1"),
    (STRATIFIED, "python =3.8", "python =3.9", "pytorch's build py3.8_cuda11.1_.* is not for Python 3.9"),
    (STRATIFIED, "=py3.8_cuda11.1_cudnn8.0.5_0", "", "gives no build string"),
    (STRATIFIED, "=py3.8_cuda11.1_cudnn8.0.5_0", "=py3.8_cpu_0", "E4: .* built for the CPU only"),
    (STRATIFIED, "pytorch =1.8.1", "pytorch =1.10.2", "pytorch 1.10.2 has no build"),
    (STRATIFIED, "cudatoolkit =11.1.1", "cudatoolkit =11.3.1", "needs cudatoolkit 11.1"),
    (STRATIFIED, "1.8.0_cu111", "1.8.0_cu102", "E7: torch_scatter is built for CUDA 10.2, torch 1.8.1 for"),
    (STRATIFIED, "torch_1.8.0", "torch_1.9.0", "pytorch-scatter's build .* is not for torch 1.8.1"),
    (STRATIFIED, "=py38_torch", "=py39_torch", "pytorch-scatter's build .* is not for this Python"),
    (STRATIFIED, "scatter =2.0.8", "scatter =2.1.2", "pytorch-scatter 2.1.2 has no build"),
    (STRATIFIED, "scatter =2.0.8", "scatter =2.0.9", "pytorch-scatter 2.0.9 has no build"),
    (STRATIFIED, "mkl =2021.4", "mkl =2024.1", "E14: mkl 2024.1"),
    (STRATIFIED, "numpy =1.21.6", "numpy =1.24.4", "E12: numpy 1.24.4 has no np.int"),
    (STRATIFIED, "numpy =1.21.6", "numpy =1.24.4", "scipy 1.7.3 needs numpy>=1.16.5,<1.23, found 1.24.4"),
    (STRATIFIED, "numpy =1.21.6", "numpy =2.0.2", "E12: numpy 2.0.2 has another binary interface"),
    (STRATIFIED, "numpy =1.21.6", "numpy =1.19.5 # x\n  - pandas =1.5.3", "pandas 1.5.3 needs numpy>=1.20.3"),
    (STRATIFIED, "mkl =2021.4", "setuptools =65.5.0 # x\n  - mkl =2021.4", ""),
    (STRATIFIED, "protobuf =3.20.3", "protobuf =4.25.3", "E13: protobuf"),
    (STRATIFIED, "nodefaults", "defaults", "nodefaults"),
    (STRATIFIED, r"\[pytorch, pyg,", "[pytorch,", "names a channel that is not listed"),
    (STRATIFIED, "numpy =1.21.6", "numpy", "numpy pins no exact version"),
    (STRATIFIED, "numpy =1.21.6 # .*", "numpy =1.21.6", "numpy =1.21.6 gives no reason"),
    ("real_cylinder3d", "spconv-cu111==2.1.25", "spconv==1.2.1", "E16: spconv 1.2.1"),
    ("real_cylinder3d", "cumm-cu111==0.2.9", "cumm-cu111==0.3.0", "spconv-cu111 2.1.25 needs cumm-cu111>=0.2.9,<0.3"),
    ("real_cylinder3d", "pccm==0.3.4", "pccm==0.4.0", "spconv-cu111 2.1.25 needs pccm<0.4"),
    (
        "cpu",
        "torch_1.8.0_cpu",
        "torch_1.8.0_cu111",
        "E7: torch_scatter is built for CUDA 11.1, torch 1.8.1 for the CPU",
    ),
    ("cuda_current", "python =3.11", "python =3.8", "numpy 2.4.6 needs python>=3.11"),
    ("metrics", "numpy =2.4.6", "numpy =1.21.6", "pandas 3.1.1 needs numpy>=2.0.2"),
]


@pytest.mark.parametrize(("name", "old", "new", "refusal"), BAD)
def test_bad_combination_is_refused(tmp_path: Path, name: str, old: str, new: str, refusal: str) -> None:
    text = (ROOT / f"envs/{name}.yaml").read_text()
    file = tmp_path / f"{name}.yaml"
    changed, count = re.subn(old, new, text)
    assert count
    file.write_text(changed)
    found = list(refusals(file))
    if refusal:
        assert [sentence for sentence in found if re.search(refusal, sentence)], found
    else:
        assert found == []


def pinned(name: str) -> dict[str, str]:
    content = yaml.safe_load((ROOT / f"envs/{name}.yaml").read_text())
    lines = [line for line in content["dependencies"] if isinstance(line, str)]
    conda = {match["name"]: match["version"] for line in lines if (match := PIN.match(line))}
    return {**conda, **dict(line.split("==") for line in pip_lines(content))}


@pytest.mark.parametrize("name", ["metrics", "cuda_current", "pretrained"])
def test_pins_of_today_are_what_the_tests_run(name: str) -> None:
    lines = [line.partition(" ;")[0] for line in (ROOT / "requirements.txt").read_text().splitlines()]
    required = dict(line.split("==") for line in lines if "==" in line)
    lower = {key.lower(): version for key, version in required.items()}
    # conda-forge's matplotlib brings Qt; what pip calls so is its matplotlib-base.
    asked = {key.replace("matplotlib-base", "matplotlib"): version for key, version in pinned(name).items()}
    assert {key: lower[key] for key in asked if key in lower} == {
        key: version for key, version in asked.items() if key not in ("python", "pip")
    }


def test_cpu_has_the_versions_of_cuda_11_1() -> None:
    cuda = pinned("stratified_transformer")
    cuda.pop("cudatoolkit")
    assert pinned("cpu") == cuda


def test_requirements_are_what_packages_state() -> None:
    """The table of the pins' requirements against the metadata of what is installed here."""
    for (name, version), needs in REQUIRES.items():
        try:
            installed = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue
        if installed.version.split("+")[0] != version:
            continue
        stated = [Requirement(line) for line in installed.requires or []]
        for needed in needs:
            if needed != "python":
                named = [entry for entry in stated if entry.name == needed]
                here = [entry for entry in named if not entry.marker or entry.marker.evaluate()]
                assert [entry.specifier for entry in here] == [SpecifierSet(needs[needed])], (name, needed)


@pytest.mark.parametrize("kind", COMMANDS)
def test_environment_holds_what_its_commands_import(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    plugins = {"metrics": ("datasets", "scores"), "network": ("backbones", "recipes")}[kind]
    modules = tuple(f"{plugin}.{name}" for plugin in plugins for name in plugin_names(plugin))
    files = {Path(file) for name in COMMANDS[kind] for file in code_of(f"{name}.py", modules) if file.endswith(".py")}
    names = {name.split(".")[0] for file in files for name in imported_names(ast.parse(file.read_text()), "")}
    optional = {"torch_scatter", "triton"}  # taken where they are there
    foreign = names - sys.stdlib_module_names - optional - {"openworld3d", "__future__"}
    assert foreign <= set(REQUIREMENTS["metrics" if kind == "metrics" else "cpu"].modules)


def test_job_of_any_environment_starts_with_numpy_alone() -> None:
    """Environments of jobs lack what planning needs, such as yaml."""
    done = subprocess.run(
        [sys.executable, "-c", NUMPY_ALONE], cwd=ROOT / "workflow_scripts", capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert all("numpy" in requirements.modules for requirements in REQUIREMENTS.values())
