"""The package that pip installs from the checkout runs anywhere, with the registry among its own files."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.commands.devkit import write_small

from openworld3d.commands.evaluate import evaluate

tomllib = pytest.importorskip("tomllib")
ROOT = Path(__file__).resolve().parents[2]


def install(place: Path) -> str:
    """Lay the files of the wheel that pyproject.toml describes into a folder; return what `openworld3d` calls."""
    described = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wheel = described["tool"]["hatch"]["build"]["targets"]["wheel"]
    ignore = shutil.ignore_patterns("__pycache__")
    for package in wheel["packages"]:
        shutil.copytree(ROOT / package, place / Path(package).name, ignore=ignore)
    for source, target in wheel["force-include"].items():
        shutil.copytree(ROOT / source, place / target, ignore=ignore)
    module, function = described["project"]["scripts"]["openworld3d"].split(":")
    return f"from {module} import {function}; {function}()"


def test_installed_command_prints_the_table_in_any_folder(tmp_path: Path) -> None:
    write_small(tmp_path)
    expected = evaluate("stu_val", tmp_path / "labels", tmp_path / "scores")
    call = install(tmp_path / "site")
    arguments = ["evaluate", "--protocol", "stu_val", "--labels", "labels", "--scores", "scores"]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    done = subprocess.run(
        [sys.executable, "-c", call, *arguments], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout) == (0, f"{expected}\n"), done.stderr
