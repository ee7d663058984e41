"""A job runs on what its key says or not at all, and its record tells what it made."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Callable

import pytest
from tests.commands.tiny_project import (
    ADD,
    FOLDER,
    INPUTS,
    KEY,
    LIBRARY,
    NOTE,
    OUT,
    READ,
    RECORD,
    SAVED,
    code,
    job,
    record_of,
    run,
    write_project,
)
from tests.configs import ROOT
from tests.provenance.test_records import delete, flip, replace, truncate, zero

from openworld3d.files import read_noted, sha256_of, write_noted
from openworld3d.provenance.records import digest_of_output
from openworld3d.workflow.outside import Outside, note_files
from openworld3d.workflow.plan import PLAN
from openworld3d.workflow.steps import STEPS


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a tiny project."""
    return write_project(tmp_path, monkeypatch)


def refused(done: subprocess.CompletedProcess[str]) -> str:
    """Return the one sentence of a job that refuses to run, which wrote nothing."""
    (line,) = done.stderr.splitlines()
    assert (done.returncode, done.stdout) == (1, "")
    assert not Path("started").exists()
    assert not Path(FOLDER, KEY).exists()
    return line


def test_record_tells_what_was_made_of_what(project: Path) -> None:
    done = run(job(), "--shard", "2of3")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(Path(OUT).read_text()) == {"total": 3.25, "shard": "2of3"}
    record = json.loads(Path(RECORD).read_text())
    digest = hashlib.sha256(Path(OUT).read_bytes()).hexdigest()
    assert record["outputs"] == {OUT: {"sha256": digest, "files": {}}}
    read = [Path(path) for path in INPUTS.values()]
    assert record["inputs"] == {str(path): digest_of_output(path, Path(record_of(str(path)))) for path in read}
    assert record["records"] == sorted(map(record_of, INPUTS.values()))
    assert record["code"] == {file: sha256_of(Path(file)) for file in sorted([ADD, LIBRARY, *record["code"]])}
    assert {ADD, LIBRARY} < set(record["code"])
    assert (record["step"], record["key"], record["parts"]) == ("add", KEY, job()["parts"])
    assert record["software"]["python"] == sys.version.split()[0]


@pytest.mark.parametrize("damage", [truncate, zero, flip, replace, delete])
@pytest.mark.parametrize("file", READ[:2] + READ[3:])
def test_damaged_input_is_named_and_set_aside(project: Path, file: str, damage: Callable[[Path], None]) -> None:
    asked = job()
    damage(Path(file))
    line = refused(run(asked))
    (path,) = (path for path in INPUTS.values() if path == file or file.startswith(str(Path(path).parent)))
    assert line.startswith(f"error: {file}: is not ")
    assert line.endswith("run again to make it anew")
    assert not Path(path).exists()
    gone = damage is delete and path == file
    assert Path(f"{path}.damaged").exists() != gone
    assert (f"{path} was set aside as {Path(path).name}.damaged" in line) != gone


def test_input_without_its_record_is_told(project: Path) -> None:
    Path(record_of(INPUTS["numbers"])).unlink()
    assert f"error: {INPUTS['numbers']}: nothing says how it was made" in refused(run(job()))
    assert Path(INPUTS["numbers"]).exists()


@pytest.mark.parametrize("damage", [truncate, zero])
def test_input_with_a_damaged_record_is_set_aside(project: Path, damage: Callable[[Path], None]) -> None:
    damage(Path(record_of(INPUTS["numbers"])))
    assert f"error: {record_of(INPUTS['numbers'])}: is not" in refused(run(job()))
    assert Path(f"{INPUTS['numbers']}.damaged").exists()


def test_touched_input_is_read(project: Path) -> None:
    for file in READ:
        os.utime(file)
    assert run(job()).returncode == 0


def append(file: str) -> str:
    """Return what a script does to change a file while it runs."""
    return f"open({file!r}, 'a').write('# changed')"


@pytest.mark.parametrize("planned", [True, False])
@pytest.mark.parametrize("file", [ADD, LIBRARY])
def test_code_that_changed_since_it_was_planned_is_named(project: Path, file: str, planned: bool) -> None:
    asked = job()
    if planned:
        write_noted(PLAN, {"results": {}, "code": {asked["parts"]["code"]: code()}})
    exec(append(file))
    where = file if planned else "add.py or a file that it imports"
    assert refused(run(asked)).startswith(f"error: {where}: it has changed since this job was planned; run again")


def saved() -> Outside:
    return Outside("saved", "theirs", part="all")


@pytest.mark.parametrize("damage", [truncate, zero, flip, replace, delete])
@pytest.mark.parametrize("stands", [True, False])
def test_files_from_outside_that_changed_since_are_told(
    project: Path, damage: Callable[[Path], None], stands: bool
) -> None:
    asked = job(outside=saved())
    if stands:
        note_files(saved(), asked["parts"]["outside"], Path(FOLDER, "lkjihgfedcba"))
    damage(Path("theirs/hall.npy"))
    line = refused(run(asked))
    assert line.startswith("error: theirs: its files have changed since this job was planned; run again")


def test_files_from_outside_are_noted_beside_the_result(project: Path) -> None:
    asked = job(outside=saved())
    assert run(asked).returncode == 0
    noted = read_noted(Path(FOLDER, KEY, "outside.json"))
    assert noted["identity"] == asked["parts"]["outside"]
    assert noted["files"]["hall.npy"]["sha256"] == hashlib.sha256(SAVED.encode()).hexdigest()
    os.utime("theirs/hall.npy")
    assert run(asked).returncode == 0


@pytest.mark.parametrize("file", [LIBRARY, "theirs/hall.npy"])
def test_what_changes_while_a_job_runs_leaves_no_record(project: Path, file: str) -> None:
    done = run(job(append(file), saved()))
    (line,) = done.stderr.splitlines()
    assert done.returncode == 1
    assert "changed since this job was planned; run again" in line
    assert not Path(RECORD).exists()


@pytest.mark.parametrize(
    ("first", "status"),
    [
        ("os.kill(os.getpid(), signal.SIGKILL)", 128 + signal.SIGKILL),
        ("os.kill(os.getpid(), signal.SIGTERM)", 128 + signal.SIGTERM),
        ("sys.exit(3)", 3),
        ("raise ValueError", 1),
    ],
)
def test_command_that_does_not_end_well_leaves_no_record(project: Path, first: str, status: int) -> None:
    assert run(job(first)).returncode == status
    assert not Path(RECORD).exists()


def test_long_command_line_goes_through_a_file(project: Path) -> None:
    asked = job()
    asked["inputs"]["numbers"] *= 4000
    assert run(asked).returncode == 0
    assert json.loads(Path(OUT).read_text())["total"] == 4000 * 3.25


@pytest.mark.parametrize("script", sorted({step.script for step in STEPS.values()} - {"check_environment.py"}))
def test_every_command_reads_its_arguments_from_a_file(tmp_path: Path, script: str) -> None:
    arguments = tmp_path / "arguments"
    arguments.write_text("--help\n")
    command = [sys.executable, str(ROOT / "workflow_scripts" / script), f"@{arguments}"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stdout[:6]) == (0, "usage:"), done.stderr


def test_slurm_job_is_noted_while_it_runs(project: Path) -> None:
    noted = f"assert Path({str(NOTE)!r}).read_text() == '12'"
    assert run(job(noted), SLURM_JOB_ID="12").returncode == 0
    assert not NOTE.exists()
    assert run(job("sys.exit(3)"), SLURM_JOB_ID="12").returncode == 3
    assert not NOTE.exists()
