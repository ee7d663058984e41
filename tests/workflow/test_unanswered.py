"""The plugin itself is asked, its commands stood in for by scripts."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from pathlib import Path
from types import SimpleNamespace

import pytest
import snakemake_executor_plugin_slurm as plugin
from tests.workflow.test_orphans import DEAF, stand_in

from openworld3d.workflow.unanswered import answered, keep_jobs

RUNNING = """#!/bin/sh
echo "7|RUNNING"
"""
JOBS = [SimpleNamespace(external_jobid=id, aux={}) for id in ("7", "8")]


def kept() -> list[SimpleNamespace]:
    """Return which of two jobs the plugin goes on asking for, after it has asked once."""
    settings = SimpleNamespace(init_seconds_before_status_checks=1, status_attempts=2)
    executor = SimpleNamespace(
        workflow=SimpleNamespace(executor_settings=settings),
        logger=logging.getLogger(),
        run_uuid="run",
        get_status_command=lambda: "squeue",
        status_rate_limiter=contextlib.nullcontext(),
        next_seconds_between_status_checks=1,
        _status_query_failures=0,
        _status_query_calls=0,
        _status_query_total_seconds=0.0,
        _status_query_min_seconds=None,
        _status_query_max_seconds=0.0,
        _status_query_cycle_rows=[],
    )

    async def ask() -> list[SimpleNamespace]:
        return [job async for job in plugin.Executor.check_active_jobs(executor, JOBS)]

    return asyncio.run(ask())


@pytest.fixture
def squeue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return where the plugin finds squeue, and of Slurm no other command that answers."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(plugin, "query_job_status", plugin.query_job_status)
    for silent in ("scontrol", "which"):
        stand_in(tmp_path / silent, DEAF)
    return tmp_path / "squeue"


def test_plugin_forgets_jobs_where_slurm_does_not_answer(squeue: Path) -> None:
    """Once it does not, `keep_jobs` may go."""
    stand_in(squeue, DEAF)
    assert kept() == []


@pytest.mark.parametrize("script", [DEAF, RUNNING])
def test_jobs_are_kept(squeue: Path, script: str) -> None:
    stand_in(squeue, script)
    keep_jobs(plugin)
    assert kept() == JOBS


def test_answer_is_passed_on() -> None:
    async def query(command: str, logger: logging.Logger) -> tuple[dict[str, str], float]:
        return {"7": command}, 0.5

    assert asyncio.run(answered(query)("COMPLETED", logging.getLogger())) == ({"7": "COMPLETED"}, 0.5)
