from __future__ import annotations

import hashlib
import json
import subprocess
from pathlib import Path

import pytest

from openworld3d.provenance import chain, changed_since, code_state, record_file, sha256_of_input


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize(
    ("output", "record"),
    [
        ("runs/seed0/weights.npz", "runs/seed0/weights.provenance.json"),
        ("scenes/rooms/val/manifest.json", "scenes/rooms/val.provenance.json"),
        ("runs/seed0/single/msp/clouds/colours.json", "runs/seed0/single/msp/clouds.provenance.json"),
        ("raw/rooms", "raw/rooms.provenance.json"),
        ("runs/{protocol}/metrics.json", "runs/{protocol}/metrics.provenance.json"),
    ],
)
def test_record_lies_beside_what_it_is_about(output: str, record: str) -> None:
    assert record_file(output) == record


def test_folder_is_known_by_its_files(tmp_path: Path) -> None:
    (tmp_path / "scans").mkdir()
    (tmp_path / "list.txt").write_text("a")
    (tmp_path / "scans/b.bin").write_text("b")
    assert sha256_of_input(tmp_path / "list.txt") == sha256("a")
    assert sha256_of_input(tmp_path) == sha256(f"list.txt {sha256('a')}\nscans/b.bin {sha256('b')}\n")
    before = sha256_of_input(tmp_path)
    (tmp_path / "scans/b.bin").rename(tmp_path / "scans/c.bin")
    assert sha256_of_input(tmp_path) != before


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with three jobs by hand: raw to scenes, scenes to weights, both to metrics."""
    monkeypatch.chdir(tmp_path)
    for name, inputs in (
        ("scenes", []),
        ("weights", ["scenes.json"]),
        ("metrics", ["weights.json", "scenes.json", "workflow_scripts/measure.py"]),
    ):
        Path(f"{name}.json").write_text(name)
        digests = {path: sha256(Path(path).stem) for path in inputs}
        Path(f"{name}.provenance.json").write_text(json.dumps({"command": name, "inputs": digests, "outputs": []}))
    Path("workflow_scripts").mkdir()
    Path("workflow_scripts/measure.py").write_text("measure")
    return tmp_path


def test_chain_has_each_job_once_the_last_first(results: Path) -> None:
    assert [record["command"] for record in chain("metrics.json")] == ["metrics", "weights", "scenes"]
    assert list(chain("nowhere.json")) == []


def test_input_that_changed_is_told(results: Path) -> None:
    (metrics, *_) = chain("metrics.json")
    assert changed_since(metrics) == []
    Path("scenes.json").write_text("other scenes")
    Path("workflow_scripts/measure.py").unlink()
    assert changed_since(metrics) == ["scenes.json", "workflow_scripts/measure.py"]


def test_code_is_known_by_its_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert code_state() == {"commit": None, "changed": None}
    (tmp_path / "a.py").write_text("1")
    identity = ["-c", "user.name=a", "-c", "user.email=a@b"]
    for arguments in (["init", "-q"], ["add", "a.py"], [*identity, "commit", "-qm", "a"]):
        subprocess.run(["git", *arguments], check=True)
    state = code_state()
    assert len(state["commit"]) == 40
    assert state["changed"] == []
    (tmp_path / "a.py").write_text("2")
    (tmp_path / "untracked.py").write_text("")
    assert code_state()["changed"] == ["a.py"]
