"""Each failure of an environment: the message, the remedy, and whether its jobs are stopped."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.environment.conftest import Prefix
from tests.environment.failures import STOPS, TELLS


@pytest.mark.parametrize("name", STOPS)
def test_failure_stops_the_environments_jobs(prefix: Prefix, tmp_path: Path, name: str) -> None:
    environment, build, message, remedy = STOPS[name]
    done = prefix.check(environment, **(build(prefix, tmp_path / "around") or {}))
    key = name.split()[0]
    (sentence,) = [line for line in done.errors.splitlines() if message in line]
    assert sentence.startswith(f"error: environment {environment}: {key}: ")
    assert remedy in sentence
    (row,) = [line for line in done.page.splitlines() if message in line]
    assert row.startswith(f"| {key} | ")
    assert remedy in row
    assert "**Not sound" in done.page
    assert done.status == 1
    assert done.report is None
    assert "Traceback" not in done.errors


@pytest.mark.parametrize("name", TELLS)
def test_failure_that_stops_nothing_is_told(prefix: Prefix, tmp_path: Path, name: str) -> None:
    environment, build, message, remedy = TELLS[name]
    done = prefix.check(environment, **(build(prefix, tmp_path / "around") or {}))
    assert done.status == 0, done.errors
    assert "**Sound" in done.page
    (row,) = [line for line in done.page.splitlines() if message in line]
    assert row.startswith(f"| {name.split()[0]} | ")
    assert remedy in row
    assert done.report is not None
    (finding,) = [entry for entry in done.report["findings"] if message in entry["message"]]
    assert not finding["stops"]
    assert remedy in finding["remedy"]


def test_check_that_finds_the_same_writes_the_same(prefix: Prefix) -> None:
    prefix.torch("1.12.1", None)
    first = prefix.check("cpu")
    second = prefix.check("cpu")
    assert first.report is not None
    assert first.report == second.report
    assert first.report["packages"]["numpy"] == "1.21.6"
    assert first.report["segment_backend"] == "torch"


def test_missing_package_is_a_sentence(prefix: Prefix) -> None:
    done = prefix.check("cpu")
    (sentence,) = done.errors.splitlines()
    assert "E8" in sentence
    assert "cannot import torch (ModuleNotFoundError: No module named 'torch'); install what envs/ pins" in sentence


def test_environment_that_nobody_described_is_a_sentence(prefix: Prefix) -> None:
    (prefix.folder / "page.md").write_text("")
    done = prefix.check("mine")
    assert done.status == 1
    assert "environment mine: has no requirements" in done.errors
