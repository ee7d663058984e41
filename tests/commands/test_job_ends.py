"""A job that is ended, or whose call has died, leaves nothing running that could still write."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Callable

import pytest
from tests.commands.conftest import SCRIPTS
from tests.commands.tiny_project import RECORD, Job, job, run, write_project


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a tiny project."""
    return write_project(tmp_path, monkeypatch)


# A command that waits, and a process that it started and waits too.
WAIT = "import subprocess; Path('other').write_text(str(subprocess.Popen(['sleep', '60']).pid)); time.sleep(60)"


def pids() -> list[int]:
    """Return the processes of a command that waits, once it does."""
    wait_until(lambda: Path("other").exists() and Path("other").read_text() != "")
    return [int(Path(name).read_text()) for name in ("started", "other")]


def wait_until(true: Callable[[], bool]) -> None:
    for _ in range(200):
        if true():
            return
        time.sleep(0.1)
    pytest.fail("it has not happened within 20 s")


def is_alive(pid: int) -> bool:
    """Tell whether a process runs; one that has ended and that nobody has asked after does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def start(asked: Job, *command: str, **variables: str) -> subprocess.Popen[str]:
    """Start a job in the background, as a shell's where a command of it is given."""
    Path("job.json").write_text(json.dumps(asked))
    with open("job.json") as given, open("said", "w") as said:
        line = [*command, sys.executable, str(SCRIPTS / "job.py"), "--"]
        return subprocess.Popen(line, stdin=given, stderr=said, env={**os.environ, **variables}, text=True)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signal_ends_the_command_and_what_it_started(project: Path, number: signal.Signals) -> None:
    started = start(job(WAIT))
    running = pids()
    assert all(map(is_alive, running))
    started.send_signal(number)
    assert started.wait(20) != 0
    wait_until(lambda: not any(map(is_alive, running)))
    assert not Path(RECORD).exists()


def test_job_ends_with_the_call_that_started_it(project: Path) -> None:
    shell = start(job(WAIT), "sh", "-c", 'OPENWORLD3D_CALL=$$ "$@" < job.json & wait', "sh")
    running = pids()
    time.sleep(2.5)  # the job looks after its call each second
    assert all(map(is_alive, running))
    shell.kill()
    shell.wait()
    wait_until(lambda: not any(map(is_alive, running)))
    wait_until(lambda: Path("said").read_text() != "")
    assert Path("said").read_text() == "error: the Snakemake that started this job has died; run again\n"
    assert not Path(RECORD).exists()


def test_call_that_cannot_be_seen_is_not_looked_after(project: Path) -> None:
    """As from within a container, which has processes of its own."""
    gone = subprocess.Popen(["true"])
    gone.wait()
    assert run(job("time.sleep(1.5)"), OPENWORLD3D_CALL=str(gone.pid)).returncode == 0
