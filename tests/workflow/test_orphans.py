"""Slurm's commands are stood in for by scripts that keep their queue in a file."""

from __future__ import annotations

import getpass
import os
from pathlib import Path

import pytest

from openworld3d.errors import UserError
from openworld3d.workflow import orphans

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
    monkeypatch.setattr(orphans, "SECONDS_BETWEEN_LOOKS", 1)
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
    assert orphans.end_orphans(["8", "6", "3"]) == ["8"]
    assert cancelled(queue) == ["8"]


def test_jobs_that_have_ended_are_let_be(queue: Path) -> None:
    assert orphans.end_orphans(["3", "4"]) == []
    assert cancelled(queue) == []


def test_queue_is_not_asked_where_nothing_was_left_behind(queue: Path) -> None:
    stand_in(queue.with_name("squeue"), DEAF)
    assert orphans.end_orphans([]) == []


def test_job_of_another_user_is_refused(queue: Path) -> None:
    with pytest.raises(UserError, match="Slurm job 9 of somebody still makes files"):
        orphans.end_orphans(["8", "9"])
    assert cancelled(queue) == []


def test_queue_that_does_not_answer_is_refused(queue: Path) -> None:
    stand_in(queue.with_name("squeue"), DEAF)
    with pytest.raises(UserError, match="Unable to contact slurm controller"):
        orphans.end_orphans(["8"])


def test_job_that_does_not_end_is_refused(queue: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orphans, "SECONDS_TO_END", 1)
    stand_in(queue.with_name("scancel"), "#!/bin/sh\n")
    with pytest.raises(UserError, match="Slurm job 8 was cancelled and does not end"):
        orphans.end_orphans(["8"])


@pytest.mark.parametrize(("note", "job"), [("12", {"12"}), (None, set())])
def test_job_is_known_from_its_note(tmp_path: Path, note: str | None, job: set[str]) -> None:
    record = tmp_path / "x.provenance.json"
    record.write_text('{"slurm_job": "7"}')
    if note is not None:
        Path(f"{record}.slurm").write_text(note)
    assert orphans.job_in_note(record) == job
