from __future__ import annotations

import json
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "workflow_scripts/check_environment.py"


@pytest.fixture
def module() -> dict[str, Any]:
    return runpy.run_path(str(SCRIPT))


@pytest.mark.parametrize("environment", ["metrics", "cpu"])
def test_report_says_what_is_here(tmp_path: Path, command: Callable[..., None], environment: str) -> None:
    out = tmp_path / f"{environment}.json"
    command("check_environment", "--environment", environment, "--out", out)
    report = json.loads(out.read_text())
    assert report["packages"]["numpy"][0].isdigit()
    assert ("segment_backend" in report) == (environment == "cpu")
    if environment == "cpu":
        assert report["segment_backend"] in ("torch", "torch-scatter")
        assert isinstance(report["cuda"]["gpus"], list)
    first = out.read_bytes()
    command("check_environment", "--environment", environment, "--out", out)
    assert out.read_bytes() == first


def test_package_that_cannot_be_imported_is_a_sentence(module: dict[str, Any]) -> None:
    with pytest.raises(SystemExit, match=r"^error: environment cpu: .* cannot import nowhere \(ModuleNotFoundError"):
        module["version_of"]("cpu", "nowhere")


def test_nothing_is_written_for_a_broken_environment(tmp_path: Path) -> None:
    out = tmp_path / "cpu.json"
    arguments = ["-S", str(SCRIPT), "--environment", "cpu", "--out", str(out)]
    # An interpreter whose site-packages hold a numpy that fails to load, as one built for another CUDA would.
    broken = tmp_path / "packages/numpy"
    broken.mkdir(parents=True)
    (broken / "__init__.py").write_text("raise ImportError('libcudart.so.11.0: cannot open shared object file')")
    environment = {"PYTHONPATH": str(broken.parent)}
    done = subprocess.run([sys.executable, *arguments], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "cannot import numpy (ImportError: libcudart.so.11.0: cannot open" in done.stderr
    assert "Traceback" not in done.stderr
    assert not out.exists()


def test_every_environment_file_has_a_list_of_what_it_must_hold(module: dict[str, Any]) -> None:
    assert {file.stem for file in (SCRIPT.parents[1] / "envs").glob("*.yaml")} == set(module["REQUIRED"])
