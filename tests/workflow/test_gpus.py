"""Snakemake starts as many jobs at once as there are GPUs for, and each has its own."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Callable

import pytest
from tests.environment.nvidia_smi import install, row, uuid
from tests.pipeline import forked

SCRIPTS = forked.ROOT / "workflow_scripts"
# What rules/gpus.smk needs of the other rules, and jobs that say which GPUs they hold, from when until when.
SNAKEFILE = f"""
import os, sys
sys.path.insert(0, {str(SCRIPTS)!r})
from snakemake.exceptions import WorkflowError
from openworld3d.environment.requirements import requirements_of
from openworld3d.errors import UserError

STEPS = ["train"]
# The last two are entries that no table reaches.
config = {{"backbones": {{"a": {{"environment": "cuda_current"}}, "b": {{}}, "c": {{"environment": "cpuu"}}}}}}

def is_at_work():
    return workflow.is_main_process and not workflow.dryrun

def environment_names():
    return ["cpu", "cuda_current"]

def backbone_environment(config, wildcards):
    return "cuda_current"

def say(lines):
    for line in lines:
        print(line)

include: {str(forked.ROOT / "rules/gpus.smk")!r}

onstart:
    say_which_gpus_are_left_alone()

rule all:
    input: expand("{{n}}.held", n=range(4))

rule train:
    output: "{{n}}.held"
    threads: backbone_threads("train")
    resources: gpu=backbone_gpus
    shell: "python hold.py {{resources.gpu}} {{threads}} {{output}}"
"""
HOLD = f"""
import sys, time
sys.path.insert(0, {str(SCRIPTS)!r})
from openworld3d.environment.slots import gpus_of_job

with gpus_of_job(int(sys.argv[1]), lambda: None) as held:
    begin = time.monotonic()
    time.sleep(0.5)
    end = time.monotonic()
seen = held.variables().get("CUDA_VISIBLE_DEVICES", "none")
with open(sys.argv[3], "w") as file:
    print(begin, end, sys.argv[2], seen, file=file)
"""
Run = Callable[..., "tuple[int, str]"]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Return a function that runs the jobs on a machine with some GPUs and returns its exit code and output."""
    (tmp_path / "Snakefile").write_text(SNAKEFILE)
    (tmp_path / "hold.py").write_text(HOLD)
    unset = ("CUDA_VISIBLE_DEVICES", "SLURM_JOB_ID", "OPENWORLD3D_GPU_IN_USE_MIB")
    variables = {name: value for name, value in os.environ.items() if name not in unset}

    def call(rows: list[str], *arguments: str, **changed: str) -> tuple[int, str]:
        path = f"{install(tmp_path / 'bin', rows)}{os.pathsep}{os.environ['PATH']}"
        done = forked.snakemake(
            ["--cores", "16", *arguments], tmp_path, {**variables, "PATH": path, "TMPDIR": str(tmp_path), **changed}
        )
        return done.returncode, done.stdout

    return call


def jobs(folder: Path) -> list[tuple[float, float, int, str]]:
    """Return begin, end, threads and GPUs of each job."""
    found = [file.read_text().split() for file in folder.glob("*.held")]
    return [(float(begin), float(end), int(threads), gpus) for begin, end, threads, gpus in found]


def most_at_once(folder: Path) -> int:
    """Return how many jobs ran at the same time at most."""
    return max(sum(begin <= moment < end for begin, end, *_ in jobs(folder)) for moment, *_ in jobs(folder))


@pytest.mark.parametrize(
    ("used", "arguments", "at_once", "threads", "gpus"),
    [
        pytest.param((4, 4), (), 2, 8, {uuid(0), uuid(1)}, id="each GPU for one job"),
        pytest.param((9000, 4), (), 1, 8, {uuid(1)}, id="one is somebody else's"),
        pytest.param((4, 4), ("--resources", "gpu=4"), 4, 4, {uuid(0), uuid(1)}, id="two jobs share a GPU"),
        pytest.param((4, 4), ("--set-resources", "train:gpu=2"), 1, 16, {f"{uuid(0)},{uuid(1)}"}, id="two of a job"),
    ],
)
def test_jobs_at_once(
    run: Run,
    tmp_path: Path,
    used: tuple[int, int],
    arguments: tuple[str, ...],
    at_once: int,
    threads: int,
    gpus: set[str],
) -> None:
    status, printed = run([row(0, used[0]), row(1, used[1])], *arguments)
    assert status == 0, printed
    assert most_at_once(tmp_path) == at_once
    assert {job[2] for job in jobs(tmp_path)} == {threads}
    assert {job[3] for job in jobs(tmp_path)} == gpus
    assert ("GPU 0 (NVIDIA RTX 3090) is left alone, as 9,000 MiB" in printed) == (used[0] == 9000)


def test_machine_without_a_gpu_bounds_nothing(run: Run, tmp_path: Path) -> None:
    status, printed = run([row(0)], CUDA_VISIBLE_DEVICES="")
    assert status == 0, printed
    assert most_at_once(tmp_path) == 2  # of 8 threads each
    assert {job[3] for job in jobs(tmp_path)} == {"none"}


def test_job_of_more_gpus_than_there_are_is_refused_before_anything_runs(run: Run, tmp_path: Path) -> None:
    status, printed = run([row(0)], "--set-resources", "train:gpu=2")
    assert status != 0
    assert "--set-resources lets a job request 2 GPUs, and those that it may use are 1 (GPU 0 (NVIDIA" in printed
    assert "Traceback" not in printed
    assert not jobs(tmp_path)
