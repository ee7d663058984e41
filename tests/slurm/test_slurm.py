"""The pipeline through a real Slurm, and what it survives there."""

from __future__ import annotations

import filecmp
from pathlib import Path

from tests.pipeline.conftest import ROOT, make_tiny
from tests.pipeline.test_reruns import value
from tests.slurm.cluster import Cluster, wait_until
from tests.slurm.conftest import ClusterProject

RUNS = "results/runs/sofa/stratified_small"
# Rules that have a card on a real cluster; a pretend one trains on the CPU.
ON_CARDS = ("--set-resources", "train:gpu=1", "infer:gpu=1", "sample_training:gpu=1")
# Less than a training of the default experiment takes, and more at each further attempt.
IN_MINUTES = ("train:runtime=attempt",)
SAME = ("weights.npz", "history.csv", "metrics.json", "replicates.npz", "rooms.csv", "rooms.md", "rooms.tex")


def test_default_experiment_survives(on_cluster: ClusterProject, cluster: Cluster) -> None:
    """Kill what can be killed while the default experiment runs; its results are those of `make demo`, bit for bit."""
    asked = (*ON_CARDS, *IN_MINUTES)
    first = on_cluster.submit(*asked)
    wait_until("a training has ended an epoch", lambda: epochs(on_cluster, "closed_set") > 1, 300)
    first.kill()
    first.wait()
    left = [job for job in cluster.jobs() if job.state in ("RUNNING", "PENDING")]
    assert left

    assert on_cluster.snakemake("--unlock").returncode == 0
    second = on_cluster.submit(*asked)
    wait_until("what was left is cancelled", lambda: "an earlier call left behind" in on_cluster.printed(), 60)

    wait_until("a training runs", lambda: cluster.running("train"), 120)
    cluster.kill_controller()
    cluster.start_controller()

    wait_until("another training has ended an epoch", lambda: epochs(on_cluster, "dropout") > 1, 600)
    (victim,) = (job for job in cluster.running("train") if "dropout" in job.comment)
    cluster.set_node("down")
    wait_until("the job is in the queue again", lambda: state(cluster, victim.id) == "PENDING", 60)
    cluster.set_node("resume")

    assert second.wait(1800) == 0, on_cluster.printed()
    jobs = cluster.jobs()
    assert {job.partition for job in jobs if job.rule in ("train", "infer", "sample_training")} == {"gpu"}
    assert {job.partition for job in jobs if job.cards == "N/A"} == {"cpu"}
    assert "TIMEOUT" in {job.state for job in jobs if job.rule == "train"}
    assert {job.state for job in left if job.id == victim.id} <= {"CANCELLED"}
    assert [name for name, times in on_cluster.finished().items() if times > 1] == []
    assert same_files(on_cluster.folder) == same_files(ROOT)
    assert on_cluster.would_run() == {}


def epochs(project: ClusterProject, recipe: str) -> int:
    """Return how many epochs of a training are in its history."""
    history = project.folder / RUNS / recipe / "seed0/history.csv"
    return len(history.read_text().splitlines()) - 1 if history.exists() else 0


def state(cluster: Cluster, job_id: str) -> str:
    return next(job.state for job in cluster.jobs() if job.id == job_id)
