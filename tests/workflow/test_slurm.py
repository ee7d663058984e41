"""Scripts stand in for Slurm's commands, one of which keeps its queue in a file; the plugin is the real one."""

from __future__ import annotations

import asyncio
import contextlib
import getpass
import logging
import os
from pathlib import Path
from types import SimpleNamespace

import pytest
import snakemake_executor_plugin_slurm as plugin

from openworld3d.errors import UserError
from openworld3d.workflow import slurm
from openworld3d.workflow.slurm import answered, end_orphans, job_in_note, keep_jobs

SQUEUE = """#!/bin/sh
cat "$QUEUE"
"""
SCANCEL = """#!/bin/sh
for job in "$@"; do sed -i "/^$job /d" "$QUEUE"; echo "$job" >> "$QUEUE.cancelled"; done
"""
DEAF = """#!/bin/sh
echo "slurm_load_jobs error: Unable to contact slurm controller" >&2
exit 1
"""


@pytest.fixture
def queue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a queue of which jobs 7 and 8 are ours, 9 is not, and 6 is of another folder."""
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("QUEUE", str(tmp_path / "queue"))
    monkeypatch.setattr(slurm, "SECONDS_BETWEEN_LOOKS", 1)
    stand_in(tmp_path / "squeue", SQUEUE)
    stand_in(tmp_path / "scancel", SCANCEL)
    user = getpass.getuser()
    queue = tmp_path / "queue"
    here = tmp_path / "a folder"
    here.mkdir()
    monkeypatch.chdir(here)
    queue.write_text(f"6 {user} /elsewhere\n7 {user} {here}\n8 {user} {here}\n9 somebody {here}\n")
    return queue


def stand_in(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)


def cancelled(queue: Path) -> list[str]:
    path = queue.with_name("queue.cancelled")
    return path.read_text().split() if path.exists() else []


def test_jobs_in_the_queue_are_cancelled_and_no_other(queue: Path) -> None:
    assert end_orphans(["8", "6", "3"]) == ["8"]
    assert cancelled(queue) == ["8"]


def test_job_in_which_this_call_runs_is_let_be(queue: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in `salloc`, where a job that was killed has left a note of it."""
    monkeypatch.setenv("SLURM_JOB_ID", "8")
    assert end_orphans(["7", "8"]) == ["7"]
    assert cancelled(queue) == ["7"]


def test_job_of_a_folder_that_cannot_be_read_is_none_of_ours(queue: Path) -> None:
    queue.write_text(f"{queue.read_text()}10 somebody \n11 somebody /a\nb\n")
    assert end_orphans(["8", "10"]) == ["8"]


def test_jobs_that_have_ended_are_let_be(queue: Path) -> None:
    assert end_orphans(["3", "4"]) == []
    assert cancelled(queue) == []


def test_queue_is_not_asked_where_nothing_was_left_behind(queue: Path) -> None:
    stand_in(queue.with_name("squeue"), DEAF)
    assert end_orphans([]) == []


def test_job_of_another_user_is_refused(queue: Path) -> None:
    with pytest.raises(UserError, match="Slurm job 9 of somebody still makes files"):
        end_orphans(["8", "9"])
    assert cancelled(queue) == []


def test_queue_that_does_not_answer_is_refused(queue: Path) -> None:
    stand_in(queue.with_name("squeue"), DEAF)
    with pytest.raises(UserError, match="Unable to contact slurm controller"):
        end_orphans(["8"])


def test_job_that_does_not_end_is_refused(queue: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slurm, "SECONDS_TO_END", 1)
    stand_in(queue.with_name("scancel"), "#!/bin/sh\n")
    with pytest.raises(UserError, match="Slurm job 8 was cancelled and does not end"):
        end_orphans(["8"])


@pytest.mark.parametrize(("note", "job"), [("12", {"12"}), (None, set())])
def test_job_is_known_from_its_note(tmp_path: Path, note: str | None, job: set[str]) -> None:
    record = tmp_path / "x.provenance.json"
    record.write_text('{"slurm_job": "7"}')
    if note is not None:
        Path(f"{record}.slurm").write_text(note)
    assert job_in_note(record) == job


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
