"""Jobs that run at once have GPUs of their own, and free them however they end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.commands.conftest import SCRIPTS
from tests.commands.test_job_ends import is_alive, wait_until
from tests.commands.tiny_project import FOLDER, OUT, job, write_project
from tests.environment.nvidia_smi import install, row, uuid

# A command that says which GPUs it sees before it imports anything of ours, and waits.
SAY = "Path(os.environ['SAYS']).write_text(f'{os.getpid()} {os.environ.get(\"CUDA_VISIBLE_DEVICES\")}')"
WAIT = f"{SAY}; time.sleep(60)"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a tiny project on a machine with two GPUs, where no other test's jobs run."""
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.delenv("OPENWORLD3D_JOBS_PER_GPU", raising=False)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setenv("PATH", f"{install(tmp_path / 'bin', [row(0), row(1)])}{os.pathsep}{os.environ['PATH']}")
    return write_project(tmp_path, monkeypatch)


class Started:
    """A job that runs in the background, and what it printed."""

    def __init__(self, name: str, gpus: int, first: str = WAIT) -> None:
        self.says, self.log = Path(f"{name}.says"), Path(f"{name}.log")
        asked = job(first, outputs={"out": OUT}, record=f"{FOLDER}/{name}.json")
        Path(f"{name}.json").write_text(json.dumps(asked))
        command = [sys.executable, str(SCRIPTS / "job.py"), "--gpus", str(gpus), "--", "--shard", "1of1"]
        with open(f"{name}.json") as given, self.log.open("w") as log:
            variables = {**os.environ, "SAYS": str(self.says)}
            self.process = subprocess.Popen(command, stdin=given, stdout=log, stderr=log, env=variables)

    def command(self) -> tuple[int, str]:
        """Return the number of the command's process and the GPUs that it sees, once it runs."""
        wait_until(lambda: self.says.exists() and self.says.read_text() != "")
        number, seen = self.says.read_text().split()
        return int(number), seen


@pytest.mark.parametrize("whom", ["job", "command"])
def test_killed_job_frees_its_gpu_for_the_one_that_waits(project: Path, whom: str) -> None:
    first = Started("first", 1)
    assert first.command()[1] == uuid(0)
    second, third = Started("second", 1), None
    try:
        assert second.command()[1] == uuid(1)
        third = Started("third", 1)
        wait_until(lambda: third is not None and "waiting for 1 GPU" in third.log.read_text())
        assert third.log.read_text().count("is held by another job") == 2
        assert not third.says.exists()
        os.kill(first.process.pid if whom == "job" else first.command()[0], signal.SIGKILL)
        assert third.command()[1] == uuid(0)
        assert not is_alive(first.command()[0])
        assert "runs on GPU 0 (NVIDIA RTX 3090)" in third.log.read_text()
    finally:
        for started in (first, second, third):
            if started is not None:
                started.process.terminate()
                started.process.wait()


def test_job_has_all_the_gpus_that_it_requests(project: Path) -> None:
    started = Started("both", 2, SAY)
    assert started.process.wait() == 0
    assert started.command()[1] == f"{uuid(0)},{uuid(1)}"
    assert Path(OUT).exists()


def test_job_without_a_gpu_sees_what_it_saw(project: Path) -> None:
    started = Started("none", 0, SAY)
    assert started.process.wait() == 0
    assert started.command()[1] == "None"
    assert started.log.read_text() == ""


def test_gpus_that_the_user_names_are_the_pool(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    started = Started("one", 1, SAY)
    assert started.process.wait() == 0
    assert started.command()[1] == "1"
    refused = Started("two", 2, SAY)
    assert refused.process.wait() == 1
    assert refused.log.read_text().startswith("error: a job requests 2 GPUs, and those it may use are 1 (GPU 1 ")
