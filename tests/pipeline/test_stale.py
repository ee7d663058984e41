"""Whatever befell a run, a call that ends well shows the table of its config, byte for byte that of an empty folder.

Each case once left a table of another config, and a call that ended with 0.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.pipeline.conftest import EPOCHS, Project, longer, make_tiny
from tests.pipeline.disturbed import (
    RUN,
    commands,
    contents,
    delete,
    flip,
    one,
    run_and_kill,
    truncate,
    wait_until,
    zero,
)
from tests.pipeline.edits import value

FAILS = "\n\ndef score(outputs, *, temperature):\n    raise ValueError('broken')\n"
ENERGY = "workflow_scripts/openworld3d/scores/energy.py"


@pytest.fixture(scope="module")
def longer_one(both: Project) -> dict[str, bytes]:
    """Return what the pipeline makes of more epochs where nothing befalls it."""
    return contents(both)


def test_killed_training_is_missed(copy: Project, finished: Project, longer_one: dict[str, bytes]) -> None:
    before = contents(finished)
    longer(copy)
    killed = run_and_kill(copy, "train")
    assert killed.returncode != 0
    assert contents(copy) == before
    assert "The links under results/ still show what was made before these changes" in killed.stdout
    assert f"1 training: recipes.closed_set.epochs 1 -> {EPOCHS}" in killed.stdout
    assert copy.would_run()["train"] == 1
    assert copy.snakemake().returncode == 0
    assert contents(copy) == longer_one
    assert copy.would_run() == {}


def test_training_that_outlived_its_call_is_not_done_again(copy: Project) -> None:
    weights = str(one(copy, f"{RUN}/*/weights.npz").relative_to(copy.folder))
    value("tables.rooms.coverage", "fragments")(copy)
    missed = copy.would_run()
    assert missed["infer"] == 1
    # What Snakemake notes of a job that has started, and takes back only where it sees the job end.
    note = base64.urlsafe_b64encode(weights.encode()).decode()
    copy.write(f".snakemake/incomplete/{note}", json.dumps({"external_jobid": None}))
    assert copy.would_run() == missed


def test_files_from_the_future_stop_nothing(copy: Project) -> None:
    """As a node's clock that was ahead leaves them."""
    value("evaluation.exact", False)(copy)
    inputs = [*copy.folder.glob("results/**/manifest.json"), *copy.folder.glob("results/**/*.npz")]
    for file in [*inputs, *copy.folder.glob("results/environments/**/*.json")]:
        os.utime(file, (4 * 10**9, 4 * 10**9))
    assert copy.snakemake().returncode == 0
    assert copy.would_run() == {}


def test_one_killed_training_of_two_leaves_no_table_of_both(copy: Project, finished: Project, tmp_path: Path) -> None:
    value("tables.rooms.seeds", [0, 1])(copy)
    assert copy.snakemake().returncode == 0
    before = contents(copy)
    longer(copy)
    assert run_and_kill(copy, "train").returncode != 0
    assert contents(copy) == before
    assert copy.snakemake().returncode == 0
    (tmp_path / "fresh").mkdir()
    fresh = Project.with_checks_of(finished, tmp_path / "fresh")
    fresh.write("config.yaml", copy.read("config.yaml"))
    assert fresh.snakemake().returncode == 0
    assert contents(copy) == contents(fresh)


def test_full_disk_is_missed_once_there_is_room(copy: Project, longer_one: dict[str, bytes]) -> None:
    run = copy.folder / RUN
    aside = copy.folder / "aside"
    shutil.copytree(run, aside, symlinks=True)
    size = sum(file.stat().st_size for file in run.rglob("*") if not file.is_symlink())
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size // 1024 + 200}k", "tmpfs", str(run)])
    if mounted.returncode:
        pytest.skip("a disk of a few kilobytes takes the right to mount one")
    try:
        subprocess.run(f"cp -a {aside}/. {run}/", shell=True, check=True)
        longer(copy)
        full = copy.snakemake()
        assert full.returncode != 0
        assert "No space left on device" in full.stdout
        subprocess.run(["mount", "-o", "remount,size=100M", str(run)], check=True)
        assert copy.snakemake().returncode == 0
        assert contents(copy) == longer_one
    finally:
        subprocess.run(["umount", str(run)], check=True)


def test_score_that_fails_fails_again(copy: Project, finished: Project) -> None:
    before, code = contents(finished), copy.read(ENERGY)
    copy.write(ENERGY, code + FAILS)
    for _ in range(2):
        done = copy.snakemake()
        assert done.returncode != 0
        assert f"1 scoring: {ENERGY} changed" in done.stdout
        assert contents(copy) == before
    copy.write(ENERGY, code)
    assert "Nothing to be done" in copy.snakemake().stdout


def test_training_whose_checkpoint_is_damaged_starts_anew(copy: Project, longer_one: dict[str, bytes]) -> None:
    """tests/training/test_checkpoint.py damages one in every way."""
    longer(copy)
    assert run_and_kill(copy, "train", lambda: list(copy.folder.glob(f"{RUN}/*/checkpoint.pt"))).returncode != 0
    flip(one(copy, f"{RUN}/*/checkpoint.pt"))
    done = copy.snakemake()
    assert done.returncode == 0, done.stdout
    assert any("training starts anew" in log.read_text() for log in copy.folder.glob("logs/train/*.log"))
    assert contents(copy) == longer_one


def test_command_replaced_with_its_time_kept_runs(copy: Project) -> None:
    script = copy.folder / "workflow_scripts/score.py"
    state = script.stat()
    script.write_text(script.read_text() + "# other\n")
    os.utime(script, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert copy.would_run()["score"] == 2


def test_code_edited_while_a_job_waits_is_a_sentence(copy: Project, longer_one: dict[str, bytes]) -> None:
    """The edit is taken back after the run, whose table would have been that of the edited code."""
    longer(copy)
    code = copy.read(ENERGY)
    edited: list[bool] = []

    def edit() -> bool:
        if not edited:
            copy.write(ENERGY, code + "\nEDITED = True\n")
            edited.append(True)
        return False

    done = run_and_kill(copy, "train", edit)
    assert edited
    assert done.returncode != 0
    assert f"error: {ENERGY}: it has changed since this job was planned" in done.stdout
    copy.write(ENERGY, code)
    assert copy.snakemake().returncode == 0
    assert contents(copy) == longer_one


def test_results_of_another_config_copied_over_stand_beside(copy: Project, finished: Project, both: Project) -> None:
    subprocess.run(f"cp -a {both.folder}/results/. {copy.folder}/results/", shell=True, check=True)
    assert contents(copy) == contents(both)
    assert "Nothing to be done" in copy.snakemake().stdout
    assert contents(copy) == contents(finished)


def test_results_from_a_backup_are_what_their_names_say(finished: Project, both: Project, tmp_path: Path) -> None:
    project = Project.copy_of(both, tmp_path / "copy")
    shutil.rmtree(project.folder / "results")
    shutil.copytree(finished.folder / "results", project.folder / "results", symlinks=True)
    assert project.would_run()["train"] == 1
    assert project.snakemake().returncode == 0
    assert contents(project) == contents(both)


def test_what_snakemake_remembers_may_be_lost(copy: Project, longer_one: dict[str, bytes]) -> None:
    metadata = [file for file in (copy.folder / ".snakemake/metadata").rglob("*") if file.is_file()]
    assert metadata
    for lose in (zero, delete):
        for file in metadata:
            lose(file)
        assert copy.would_run() == {}
    shutil.rmtree(copy.folder / ".snakemake")
    assert copy.would_run() == {}
    longer(copy)
    assert copy.snakemake().returncode == 0
    assert contents(copy) == longer_one


def train_until_checkpoint(project: Project) -> subprocess.Popen[bytes]:
    """Start a call in a session of its own, as a terminal's, and return when it trains and a checkpoint is there."""
    call = subprocess.Popen(
        [sys.executable, "-m", "snakemake", "--cores", "1"],
        cwd=project.folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    wait_until(lambda: commands(project, "train") and list(project.folder.glob(f"{RUN}/*/checkpoint.pt")))
    return call


def test_orphan_ends_with_its_snakemake(copy: Project, longer_one: dict[str, bytes]) -> None:
    """After a terminal that closes, which is as Ctrl-C, and a kill; test_job_ends.py ends a job by other signals."""
    value("recipes.closed_set.epochs", 500)(copy)
    call = train_until_checkpoint(copy)
    os.killpg(call.pid, signal.SIGHUP)
    assert call.wait() == 1
    wait_until(lambda: not commands(copy, "train"))
    assert not list(copy.folder.glob(".snakemake/locks/*"))
    call = train_until_checkpoint(copy)
    call.kill()
    call.wait()
    wait_until(lambda: not commands(copy, "train"))
    assert copy.snakemake("--unlock").returncode == 0
    longer(copy)
    assert copy.snakemake().returncode == 0
    assert contents(copy) == longer_one


def test_raw_files_replaced_are_read_whatever_their_times(checked: Project, finished: Project) -> None:
    """A scan replaced by junk, a call that fails, the scan replaced by a good one that is older: a new table."""
    raw = checked.folder / "scans"
    shutil.copytree(finished.folder / "results/raw/rooms/current/raw", raw)

    def brought(config: dict[str, Any]) -> None:
        make_tiny(config)
        config["datasets"]["rooms"] = {"layout": "scannet", "root": "scans"}

    checked.edit_config(brought)
    assert checked.snakemake().returncode == 0
    assert contents(checked) == contents(finished)
    labels = raw / "scans/scene5000_00/scene5000_00_vh_clean_2.labels.ply"
    good, state = labels.read_bytes(), labels.stat()
    labels.write_bytes(good[:-7])
    assert checked.snakemake().returncode != 0
    floor, wall = b"\x02\x00", b"\x01\x00"
    (checked.folder / "other").write_bytes(good[:-2] + (floor if good.endswith(wall) else wall))
    os.utime(checked.folder / "other", ns=(state.st_atime_ns, state.st_mtime_ns - 10**12))
    (checked.folder / "other").rename(labels)
    assert checked.would_run()["prepare"] == 1
    assert checked.snakemake().returncode == 0
    labels.write_bytes(good)  # with a new time: the bytes are those of before
    done = checked.snakemake()
    assert "Nothing to be done" in done.stdout, done.stdout
    assert contents(checked) == contents(finished)


def test_damaged_validation_scene_is_made_anew(copy: Project, longer_one: dict[str, bytes]) -> None:
    """A training shows how it does on evaluation scenes, from which its weights are not made."""
    truncate(one(copy, "results/scenes/rooms/val/*/scene5000_00.npz"))
    longer(copy)
    assert "scene5000_00.npz: is not what was made and recorded" in copy.snakemake().stdout
    assert copy.snakemake().returncode == 0
    assert contents(copy) == longer_one


def test_results_without_their_records_are_made_anew(copy: Project, finished: Project) -> None:
    for pattern in (f"{RUN}/single/msp/*/metrics.provenance.json", f"{RUN}/*/weights.provenance.json"):
        one(copy, pattern).unlink()
    value("tables.rooms.coverage", "fragments")(copy)
    assert copy.snakemake().returncode == 0
    value("tables.rooms.coverage", "single")(copy)
    assert copy.snakemake().returncode == 0
    assert contents(copy) == contents(finished)


def test_records_hold_what_the_key_is_made_of(finished: Project) -> None:
    record = json.loads(one(finished, f"{RUN}/*/weights.provenance.json").read_text())
    assert set(record["parts"]) == {"config", "code", "inputs", "environment"}
    assert Path(next(iter(record["outputs"]))).parent.name == record["key"]
