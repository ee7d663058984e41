"""What befalls a pipeline: jobs that are killed, files that are damaged, and what of its results must not care."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path
from subprocess import CompletedProcess
from typing import Callable

from tests.pipeline.conftest import Project

SHOWN = "results/runs/*/*/*/*/current/*/*"
COMPARED = ("results/tables/*.*", f"{SHOWN}/metrics.json", f"{SHOWN}/clouds/*.ply")
SECONDS = 300
RUN = "results/runs/sofa/stratified_small/closed_set/seed0"


def contents(project: Project) -> dict[str, bytes]:
    """Return the bytes of all that people open of a pipeline's results, by name: tables, metrics and clouds."""
    files = {file for pattern in COMPARED for file in project.folder.glob(pattern)}
    found = {str(file.relative_to(project.folder)): file.read_bytes() for file in sorted(files) if file.is_file()}
    assert {Path(name).suffix for name in found} >= {".csv", ".json", ".ply"}
    return found


def commands(project: Project, script: str) -> list[int]:
    """Return the processes that run a script of a pipeline's jobs."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
            if f"workflow_scripts/{script}.py".encode() in words and (process / "cwd").readlink() == project.folder:
                found.append(int(process.name))
        except OSError:
            continue
    return found


def wait_until(holds: Callable[[], object]) -> None:
    """Return when something holds; fails after minutes."""
    deadline = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def run_and_kill(project: Project, script: str, begun: Callable[[], object] = lambda: True) -> CompletedProcess[str]:
    """Run Snakemake, kill a job of a script as a machine without memory does, once it has begun; return how it ended.

    Where no such job runs, the call ends undisturbed.
    """
    done: list[CompletedProcess[str]] = []
    call = threading.Thread(target=lambda: done.append(project.snakemake()))
    call.start()
    while call.is_alive():
        running = commands(project, script)
        if running and begun():
            os.kill(running[0], signal.SIGKILL)
            break
        time.sleep(0.02)
    call.join()
    return done[0]


def calls_until_well(project: Project, most: int = 8) -> int:
    """Call Snakemake until it ends well, and return how often that was."""
    for number in range(1, most + 1):
        done = project.snakemake()
        if done.returncode == 0:
            return number
        assert "Traceback" not in done.stdout, done.stdout
    raise AssertionError(done.stdout)


def truncate(file: Path) -> None:
    """Leave the first half of a file."""
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def zero(file: Path) -> None:
    """Leave nothing but zeros of a file, as a crash of a machine may."""
    file.write_bytes(bytes(file.stat().st_size))


def flip(file: Path) -> None:
    """Flip a bit in the middle of a file, and leave its times as they were."""
    state, content = file.stat(), bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    os.utime(file, ns=(state.st_atime_ns, state.st_mtime_ns))


def delete(file: Path) -> None:
    """Delete a file."""
    file.unlink()


def replace_by_text(file: Path) -> None:
    """Replace a file by something else."""
    file.write_text("not this\n")


DAMAGES = (truncate, zero, flip, delete, replace_by_text)


def one(project: Project, pattern: str) -> Path:
    """Return the one file of a pattern that no link leads to."""
    (found,) = [file for file in project.folder.glob(pattern) if "current" not in file.parts]
    return found
