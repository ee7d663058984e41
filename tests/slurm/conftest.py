"""The tests' Slurm, and a copy of the pipeline whose jobs go through it."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Iterator

import pytest

from tests.pipeline.conftest import ROOT, Project
from tests.slurm.cluster import Cluster, why_not

PROFILE = (
    "--workflow-profile",
    "profiles/slurm",
    "--slurm-partition-config",
    str(ROOT / "tests/slurm/partitions.yaml"),
)
# Seconds in place of minutes, the cores of one small node, and the logs of all jobs, by which to count them.
SECONDS = ("--latency-wait", "10", "--slurm-init-seconds-before-status-checks", "1")
HERE = (*PROFILE, *SECONDS, "--cores", "2", "--slurm-keep-successful-logs")


class ClusterProject(Project):
    """A checkout of the pipeline whose jobs go through Slurm."""

    calls = 0

    def submit(self, *arguments: str) -> subprocess.Popen[str]:
        """Start Snakemake, which sends its jobs to Slurm; what it prints is in `call1.log`, `call2.log`, ..."""
        self.calls += 1
        command = [sys.executable, str(ROOT / "tests/slurm/impatient.py"), *HERE, *arguments]
        with open(self.folder / f"call{self.calls}.log", "w") as log:
            return subprocess.Popen(command, cwd=self.folder, stdout=log, stderr=subprocess.STDOUT, text=True)

    def printed(self) -> str:
        """Return what the last call printed."""
        return self.read(f"call{self.calls}.log")

    def finished(self) -> Counter[str]:
        """Return how often each output was made by a job that ended well, as the logs of Slurm's jobs tell."""
        made: Counter[str] = Counter()
        for log in (self.folder / "logs/slurm").rglob("*.log"):
            outputs: list[str] = []
            for line in log.read_text().splitlines():
                if re.match(r" *local(rule|checkpoint) ", line):
                    outputs = []
                elif line.strip().startswith("output: "):
                    outputs = line.strip().removeprefix("output: ").split(", ")
                elif line.startswith("Finished jobid: 0 "):
                    made.update(outputs)
                    outputs = []
        return made


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Return a running Slurm; skips where none may be installed."""
    reason = why_not()
    if reason:
        pytest.skip(reason)
    started = Cluster(tmp_path_factory.mktemp("slurm"))
    started.start()
    yield started
    print(started.table())
    started.stop()


@pytest.fixture
def on_cluster(cluster: Cluster, tmp_path: Path) -> ClusterProject:
    """Return a copy of the pipeline that has not run."""
    return ClusterProject(tmp_path)
