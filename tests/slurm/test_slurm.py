"""The pipeline through a real Slurm, and what it survives there."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from openworld3d.files import sha256_of
from tests.pipeline.conftest import Project, make_tiny
from tests.pipeline.edits import value
from tests.slurm.cluster import Cluster, wait_until
from tests.slurm.conftest import ClusterProject

pytestmark = pytest.mark.slurm

EPOCHS, LOOP = 24, 20
SETTLED = 15  # seconds; a node that is brought back while it still ends jobs is one to which Slurm gives none
TRAININGS = "results/runs/sofa/stratified_small"
USE_GPUS = ("train", "infer", "sample_training")
# A simulated GPU is a core of a small node, in whose memory two jobs fit side by side, and one at its fourth attempt.
RESOURCES = (
    "--set-resources",
    *(f"{rule}:gpu=1" for rule in USE_GPUS),
    *(f"{rule}:mem_mb=3000 * attempt" for rule in USE_GPUS),
)
SAME = ("weights.npz", "history.csv", "metrics.json", "replicates.npz", "rooms.csv", "rooms.md", "rooms.tex")


def two_trainings(config: dict[str, Any]) -> None:
    """Shrink the default experiment to one recipe of two seeds, which train side by side."""
    make_tiny(config)
    config["recipes"]["closed_set"].update(epochs=EPOCHS, loop=LOOP)
    config["tables"]["rooms"].update(methods={"closed_set": ["msp", "knn"]}, seeds=[0, 1])


def test_experiment_survives(on_cluster: ClusterProject, cluster: Cluster, tmp_path: Path) -> None:
    """Kill what can be killed while trainings run: results are those of an undisturbed run on one machine to the bit.

    What runs a network goes through Slurm job by job; the many small jobs that follow are one job of Slurm.
    """
    (tmp_path / "here").mkdir()
    here = Project(tmp_path / "here")
    for project in (on_cluster, here):
        project.edit_config(two_trainings)
    asked = ("outputs", *RESOURCES)
    first = on_cluster.submit(*asked)
    held_training(on_cluster, cluster)
    first.kill()
    first.wait()
    left = {job.id for job in cluster.jobs() if job.state in ("RUNNING", "PENDING")}
    assert left

    assert on_cluster.snakemake("--unlock").returncode == 0
    second = on_cluster.submit(*asked)
    wait_until("what was left is cancelled", lambda: "an earlier call left behind" in on_cluster.printed(), 60)
    too_long = held_training(on_cluster, cluster)
    cluster.end_soon(too_long)
    wait_until("its time is over", lambda: cluster.state(too_long) == "TIMEOUT", 90)

    on_the_node = held_training(on_cluster, cluster)
    cluster.restart_controller()
    time.sleep(SETTLED)
    assert cluster.state(on_the_node) == "RUNNING"
    cluster.take_node_down()
    wait_until("its job is in the queue again", lambda: cluster.state(on_the_node) == "PENDING", 60)
    time.sleep(SETTLED)
    cluster.bring_node_back()

    assert_ends_well(second, on_cluster, cluster, 3000)
    jobs = cluster.jobs()
    comment_of = {job.id: job.comment for job in jobs}
    assert {job.state for job in jobs if job.id in left} <= {"CANCELLED", "COMPLETED"}
    assert cluster.state(on_the_node) == "COMPLETED"
    attempts = [job for job in jobs if int(job.id) >= int(too_long) and job.comment == comment_of[too_long]]
    assert [job.state for job in attempts] == ["TIMEOUT", "COMPLETED"]
    assert attempts[1].limit == "2-00:00:00"
    assert {job.partition for job in jobs if job.rule in USE_GPUS} == {"gpu"}
    assert {job.partition for job in jobs if job.rule not in USE_GPUS} == {"cpu"}
    assert [name for name, times in on_cluster.finished().items() if times > 1] == []
    left_to_do = on_cluster.would_run()
    assert set(left_to_do) == {"score", "measure", "export_clouds", "make_table", "make_report", "draw_figures"}

    cluster.run(on_cluster.folder, f"{sys.executable} -m snakemake --cores 2")
    assert on_cluster.would_run() == {}
    shown = contents(on_cluster.folder, of_links=True)
    assert {Path(path).name for path in shown} == set(SAME)
    done = here.snakemake()
    assert done.returncode == 0, done.stdout
    assert shown == contents(here.folder, of_links=True)
    print(on_cluster.read("results/tables/rooms.md"))


def test_two_gpus_train_in_one_job(on_cluster: ClusterProject, cluster: Cluster, tmp_path: Path) -> None:
    """Two processes share each batch, as where Snakemake runs them itself."""
    wanted = ("--until", "train", "--set-resources", "train:gpu=2")
    (tmp_path / "here").mkdir()
    here = Project(tmp_path / "here")
    for project in (on_cluster, here):
        project.edit_config(make_tiny)
        value("recipes.closed_set.scenes_per_step", 2)(project)
        value("datasets.rooms.generate.train", 2)(project)
    assert_ends_well(on_cluster.submit(*wanted), on_cluster, cluster, 600)
    job = max((job for job in cluster.jobs() if job.rule == "train"), key=lambda job: int(job.id))
    assert (job.partition, job.state, cluster.gpus(job.id)) == ("gpu", "COMPLETED", 2)
    done = here.snakemake(*wanted)
    assert done.returncode == 0, done.stdout
    made = contents(on_cluster.folder, of_links=False)
    assert {Path(path).name for path in made} == {"weights.npz", "history.csv"}
    assert made == contents(here.folder, of_links=False)


def assert_ends_well(call: subprocess.Popen[str], project: ClusterProject, cluster: Cluster, seconds: float) -> None:
    """Wait for the end of the last call; fails with what it printed and with Slurm's jobs."""
    try:
        code: int | str = call.wait(seconds)
    except subprocess.TimeoutExpired:
        code = f"none after {seconds:.0f} s"
    assert code == 0, f"{project.printed()}\n{cluster.table()}"


def held_training(project: ClusterProject, cluster: Cluster) -> str:
    """Wait until a training ends an epoch and has others before it; stop all that run, return its job."""
    at_first: dict[str, int] = {}

    def begun() -> list[str]:
        now = {job.id: epochs(project, job.comment) for job in cluster.running("train")}
        return [job_id for job_id, ended in now.items() if at_first.setdefault(job_id, ended) < ended < EPOCHS - 1]

    held = wait_until("a training has ended an epoch", begun, 300)[0]
    cluster.hold({job.id for job in cluster.running("train")})
    return held


def trained(comment: str) -> list[str]:
    """Return what a job's comment says that it trains: recipe, seed and key."""
    return comment.split("_stratified_small_")[1].rsplit("_", 2)


def epochs(project: ClusterProject, comment: str) -> int:
    """Return how many epochs are in the history of a training, which its job's comment names."""
    recipe, seed, key = trained(comment)
    history = project.folder / TRAININGS / recipe / f"seed{seed}/{key}/history.csv"
    return len(history.read_text().splitlines()) - 1 if history.exists() else 0


def contents(folder: Path, of_links: bool) -> dict[str, str]:
    """Return the SHA-256 of each result that two undisturbed runs have alike, by the path of its link or its own."""
    places = (folder / "results/runs", folder / "results/tables")
    files = (path for place in places for pattern in SAME for path in sorted(place.rglob(pattern)))
    return {str(path.relative_to(folder)): sha256_of(path) for path in files if path.is_symlink() == of_links}
