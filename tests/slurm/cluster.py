"""A Slurm of one node with two simulated GPUs, for tests that may install packages."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Callable, NamedTuple, TypeVar

import psutil

Found = TypeVar("Found")
HERE = Path(__file__).parent
CONFIG = Path("/etc/slurm")
PACKAGES = ("slurm-wlm", "slurmctld", "slurmd", "slurm-client", "munge", "slurm-wlm-basic-plugins")
JOB_FORMAT = "%i|%P|%T|%l|%M|%k"


class Job(NamedTuple):
    """A job as Slurm knows it: `comment` has its rule and wildcards; it asked for the time `limit`."""

    id: str
    partition: str
    state: str
    limit: str
    elapsed: str
    comment: str

    @property
    def rule(self) -> str:
        return self.comment.removeprefix("rule_").split("_wildcards_")[0]


def why_not() -> str | None:
    """Return why no Slurm can be had on this machine, None where it can; installs it where that is allowed."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return "a Slurm of one node needs root and apt-get"
    if (CONFIG / "slurm.conf").exists() and "openworld3d" not in (CONFIG / "slurm.conf").read_text():
        return f"{CONFIG}/slurm.conf is of another Slurm, which these tests leave alone"
    if not shutil.which("slurmctld"):
        commands = [["update"], ["install", "--yes", "--no-install-recommends", *PACKAGES]]
        for command in commands:
            done = subprocess.run(["apt-get", "-qq", *command], capture_output=True, text=True)
            if done.returncode != 0:
                return f"apt-get {command[0]} says {done.stderr.strip()[-300:]}"
    return None


class Cluster:
    """Slurm's controller and its node, which are one machine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for part in ("controller", "node"):
            (folder / part).mkdir(parents=True)
        found = dict(re.findall(r"(\w+)=(\S+)", subprocess.check_output(["slurmd", "-C"], text=True)))
        filled = {"folder": str(folder), "cpus": str(min(2, int(found["CPUs"]))), "memory": found["RealMemory"]}
        CONFIG.mkdir(exist_ok=True)
        (CONFIG / "slurm.conf").write_text((HERE / "slurm.conf").read_text().format(**filled))
        shutil.copy(HERE / "gres.conf", CONFIG)

    def start(self) -> None:
        """Start the authentication service, the controller and the node."""
        if subprocess.run("munge -n | unmunge", shell=True, capture_output=True).returncode != 0:
            for path in ("/run/munge", "/var/log/munge", "/var/lib/munge"):
                Path(path).mkdir(exist_ok=True)
                shutil.chown(path, "munge", "munge")
            subprocess.run(["su", "-s", "/bin/sh", "munge", "-c", "/usr/sbin/munged"], check=True)
        self.start_controller()
        subprocess.run(["slurmd", "-N", "localhost"], check=True)
        wait_until("the node is idle", lambda: "idle" in self.node(), 60)

    def start_controller(self, *options: str) -> None:
        subprocess.run(["slurmctld", *options], check=True)

    def restart_controller(self) -> None:
        """Stop the controller, be without one for a while, and start it again.

        No job starts meanwhile: a controller that comes back gives GPUs away before its node has said that it has
        some, and then counts them wrong for good.
        """
        self.open_partitions("down")
        time.sleep(5)
        self.end("slurmctld")
        time.sleep(10)
        self.start_controller("-R")  # which recovers the state of partitions too
        wait_until("the controller answers", self.node, 60)
        time.sleep(10)
        self.open_partitions("up")

    def open_partitions(self, state: str) -> None:
        """Let jobs start, or wait in the queue."""
        for name in ("cpu", "gpu"):
            command = ["scontrol", "update", f"partitionname={name}", f"state={state}"]
            subprocess.run(command, check=True, timeout=60)

    def end(self, service: str) -> None:
        pid = int((self.folder / f"{service}.pid").read_text())
        os.kill(pid, signal.SIGTERM)
        wait_until(f"{service} has ended", lambda: not Path(f"/proc/{pid}").exists(), 60)

    def stop(self) -> None:
        """Cancel what is left and end both services."""
        subprocess.run(["scancel", "--user", "root"], check=False)
        time.sleep(2)
        for service in ("slurmd", "slurmctld"):
            self.end(service)

    def run(self, folder: Path, command: str) -> None:
        """Run a command in a job of its own, on all of the node's cores, and wait for its end."""
        asked = ["--wait", "--exclusive", "--chdir", str(folder), "--comment", "rule_all"]
        subprocess.run(["sbatch", *asked, "--wrap", command], check=True)

    def node(self) -> str:
        """Return the node's state: idle, alloc, mix, down, ..."""
        done = subprocess.run(["sinfo", "--noheader", "--format=%T"], capture_output=True, text=True)
        return done.stdout.strip()

    def take_node_down(self) -> None:
        """Take the node down as an administrator does, or as Slurm does where it no longer answers."""
        command = ["scontrol", "update", "nodename=localhost", "state=down", "reason=test"]
        subprocess.run(command, check=True, timeout=60)

    def bring_node_back(self) -> None:
        command = ["scontrol", "update", "nodename=localhost", "state=resume"]
        subprocess.run(command, check=True, timeout=60)
        wait_until("the node is up", lambda: "down" not in self.node(), 60)

    def end_soon(self, job_id: str) -> None:
        """Let a job's time be over as soon as the controller looks, which it does twice a minute."""
        subprocess.run(["scontrol", "update", f"jobid={job_id}", "endtime=now"], check=True, timeout=60)

    def hold(self, job_ids: set[str]) -> None:
        """Stop the processes of jobs, which Slurm still sees running: they do not end before what is done to them."""
        for process in psutil.process_iter(["environ"]):
            if (process.info["environ"] or {}).get("SLURM_JOB_ID") in job_ids:
                with suppress(psutil.NoSuchProcess):
                    process.suspend()

    def jobs(self) -> list[Job]:
        """Return every job since the start, the ended ones too."""
        command = ["squeue", "--noheader", "--states=all", f"--format={JOB_FORMAT}", "--sort=i"]
        out = subprocess.run(command, capture_output=True, text=True).stdout
        return [Job(*line.split("|", 5)) for line in out.splitlines()]

    def table(self) -> str:
        """Return a line for each job: its id, state, time, partition and purpose; and why none can start."""
        lines = [f"{j.id:>4} {j.state:10} {j.elapsed:>8} {j.partition:4} {j.comment}" for j in self.jobs()]
        reasons = subprocess.run(["sinfo", "--noheader", "--list-reasons"], capture_output=True, text=True).stdout
        return "\n".join([*lines, reasons])

    def state(self, job_id: str) -> str:
        return next(job.state for job in self.jobs() if job.id == job_id)

    def gpus(self, job_id: str) -> int:
        """Return how many GPUs a job requested."""
        shown = subprocess.check_output(["scontrol", "show", "job", job_id], text=True)
        asked = re.search(r"TresPerJob=\S*gpu:(\d+)", shown)
        return int(asked[1]) if asked else 0

    def running(self, rule: str) -> list[Job]:
        return [job for job in self.jobs() if job.state == "RUNNING" and job.rule == rule]


def wait_until(what: str, holds: Callable[[], Found], seconds: float) -> Found:
    """Return what holds once something does; fails with its description when it does not in time."""
    end = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < end, f"not within {seconds:.0f} s: {what}"
        time.sleep(1)
    return found
