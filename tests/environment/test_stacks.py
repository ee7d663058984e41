"""The check on real packages: the stacks that `make test-old` builds."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.environment.conftest import SCRIPT
from tests.stacks.pythons import OLDEST, stack_python

pytestmark = pytest.mark.stacks


def check(stack: str, environment: str, folder: Path) -> tuple[list[str], dict[str, Any] | None]:
    """Return what the check says on a stack, and its report where it is sound."""
    out = folder / "report.json"
    arguments = ["--environment", environment, "--out", str(out), "--page", str(folder / "page.md")]
    done = subprocess.run([str(stack_python(stack)), str(SCRIPT), *arguments], capture_output=True, text=True)
    return done.stderr.splitlines(), json.loads(out.read_text()) if out.exists() else None


def test_pandas_that_wants_a_newer_numpy(tmp_path: Path) -> None:
    imported = subprocess.run(
        [stack_python("py38_pandas_clash"), "-c", "import pandas"], capture_output=True, text=True
    )
    assert "this version of pandas is incompatible with numpy < 1.20.3" in imported.stderr
    sentences, report = check("py38_pandas_clash", "metrics", tmp_path)
    (sentence,) = sentences
    assert sentence.startswith(
        "error: environment metrics: E1: pandas 1.5.3 needs numpy>=1.20.3, found numpy 1.19.5; "
    )
    assert "take pandas=1.3.5 or raise numpy to 1.21.6" in sentence
    assert report is None


def test_torch_of_pypi_is_no_cuda_11_1(tmp_path: Path) -> None:
    sentences, report = check(OLDEST, "stratified_transformer", tmp_path)
    said = "\n".join(sentences)
    assert "E4: torch 1.8.1 is built for CUDA 10.2, expected CUDA 11.1" in said
    assert "E7: torch_scatter is built for the CPU only, torch 1.8.1 for CUDA 10.2" in said
    assert report is None


def test_oldest_stack_is_sound_without_a_gpu(tmp_path: Path) -> None:
    sentences, report = check(OLDEST, "cpu", tmp_path)
    assert sentences == []
    assert report is not None
    assert report["segment_backend"] == "torch-scatter"
    assert report["extension_cuda"] == {"torch_scatter": "cpu"}
    assert report["packages"]["torch"].split("+")[0] == "1.8.1"
