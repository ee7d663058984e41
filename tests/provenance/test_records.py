from __future__ import annotations

import hashlib
import json
import os
import subprocess
from pathlib import Path
from typing import Callable

import pytest

from openworld3d.errors import UserError
from openworld3d.files import write_json
from openworld3d.provenance.records import (
    chain,
    changed_since,
    checked,
    code_state,
    describe,
    digest_of_output,
    raw_files,
    record_file,
    set_aside,
    wrong_file,
)
from openworld3d.raw.journal import write_journal


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize(
    ("output", "record"),
    [
        ("weights.npz", "weights.provenance.json"),
        ("manifest.json", "manifest.provenance.json"),
        ("outputs/1of4/manifest.json", "outputs/1of4.provenance.json"),
        ("outputs/{shard}/manifest.json", "outputs/{shard}.provenance.json"),
        ("clouds/colours.json", "clouds.provenance.json"),
        ("statistics/{shard}.npz", "statistics/{shard}.provenance.json"),
        ("raw", "raw.provenance.json"),
    ],
)
def test_record_lies_in_the_folder_of_the_key(output: str, record: str) -> None:
    assert record_file(output) == record


# Outputs of each kind, as the path that stands for them and a file of theirs: a file alone, a manifest and what lies
# beside it, a folder.
KINDS = {
    "file": ("weights.npz", "weights.npz"),
    "manifest": ("scores/manifest.json", "scores/manifest.json"),
    "file of a manifest": ("scores/manifest.json", "scores/hall.npz"),
    "file of a folder": ("raw", "raw/scans/hall.bin"),
}
TEXT = "a text of several bytes"


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with outputs of each kind and their records."""
    monkeypatch.chdir(tmp_path)
    for _, name in KINDS.values():
        file = Path(name)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text('{"scenes": [{"name": "hall"}]}' if file.name == "manifest.json" else TEXT)
    for path, _ in KINDS.values():
        write_json(Path(record_file(path)), {"outputs": {path: describe(Path(path))}})
    return tmp_path


def test_output_is_described_by_what_it_stands_for(results: Path) -> None:
    assert describe(Path("weights.npz")) == {"sha256": sha256(TEXT), "files": {}}
    for beside in (
        ".snakemake_timestamp",
        "journal.jsonl",
        "x.provenance.json",
        "old.npz.damaged",
        "x.provenance.json.slurm",
        ".nfs0001",
    ):
        Path("scores", beside).write_text("")
        Path("raw", beside).write_text("")
    manifest = describe(Path("scores/manifest.json"))
    assert (list(manifest["files"]), manifest["files"]["hall.npz"]["sha256"]) == (["hall.npz"], sha256(TEXT))
    assert manifest["sha256"] == sha256('{"scenes": [{"name": "hall"}]}')
    folder = describe(Path("raw"))
    assert (folder["sha256"], list(folder["files"])) == (None, ["scans/hall.bin"])
    assert folder["files"]["scans/hall.bin"]["stamp"][0] == len(TEXT)


def truncate(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:5])


def zero(file: Path) -> None:
    file.write_bytes(bytes(file.stat().st_size))


def flip(file: Path) -> None:
    """Turn over one bit, and give the file back the time that it had."""
    before = file.stat()
    changed = bytearray(file.read_bytes())
    changed[7] ^= 1
    file.write_bytes(changed)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


def replace(file: Path) -> None:
    """Put another file of the same size and time in the place of one."""
    before = file.stat()
    other = file.with_name("other")
    other.write_bytes(file.read_bytes()[::-1])
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    os.replace(other, file)


def delete(file: Path) -> None:
    file.unlink()


def make_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


DAMAGES = [truncate, zero, flip, replace, delete, make_folder]


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_input_that_is_not_what_was_made_is_named_and_set_aside(
    results: Path, kind: str, damage: Callable[[Path], None]
) -> None:
    path, file = map(Path, KINDS[kind])
    damage(file)
    assert wrong_file(path, Path(record_file(str(path)))) == file
    gone = damage is delete
    found = "is not there any more" if gone else "is not what was made and recorded"
    aside = "" if gone and path == file else f"{path} was set aside as {path.name}.damaged: "
    with pytest.raises(UserError) as error:
        checked(path, Path(record_file(str(path))))
    assert str(error.value) == f"{file}: {found}; {aside}run again to make it anew"
    assert not path.exists()
    assert path.with_name(f"{path.name}.damaged").exists() == bool(aside)


@pytest.mark.parametrize("kind", ["file", "file of a manifest", "file of a folder"])
def test_input_is_its_digest_and_that_of_all_files_for_a_folder(results: Path, kind: str) -> None:
    path, record = Path(KINDS[kind][0]), Path(record_file(KINDS[kind][0]))
    expected = digest_of_output(path, record) if path.is_dir() else sha256(path.read_text())
    assert checked(path, record) == (str(path), expected)


def test_digest_of_a_folder_does_not_depend_on_times(results: Path) -> None:
    path, file = (Path(place) for place in KINDS["file of a folder"])
    record = Path(record_file(str(path)))
    before = digest_of_output(path, record)
    os.utime(file, ns=(1, 1))
    assert wrong_file(path, record) is None
    assert digest_of_output(path, record) == before


def test_touched_file_of_the_same_bytes_is_what_was_made(results: Path) -> None:
    for path, file in KINDS.values():
        Path(file).write_bytes(Path(file).read_bytes())
        os.utime(file, ns=(1, 1))
        assert wrong_file(Path(path), Path(record_file(path))) is None


def test_file_that_was_copied_is_read_once(results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, file = (Path(place) for place in KINDS["file of a folder"])
    os.utime(file, ns=(1, 1))
    assert wrong_file(path, Path(record_file(str(path)))) is None
    monkeypatch.setattr("openworld3d.provenance.records.sha256_of", None)
    assert wrong_file(path, Path(record_file(str(path)))) is None


def test_file_of_which_the_stamp_is_as_recorded_is_not_read(results: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = []

    def sha256_of(file: Path) -> str:
        read.append(str(file))
        return sha256(file.read_text())

    monkeypatch.setattr("openworld3d.provenance.records.sha256_of", sha256_of)
    for path, _ in KINDS.values():
        assert wrong_file(Path(path), Path(record_file(path))) is None
    assert set(read) == {"weights.npz", "scores/manifest.json"}


@pytest.mark.parametrize("damage", [truncate, zero, lambda file: file.write_text("[]")])
@pytest.mark.parametrize("path", ["weights.npz", "scores/manifest.json", "raw"])
def test_result_without_a_record_that_can_be_read_is_made_anew(
    results: Path, path: str, damage: Callable[[Path], None]
) -> None:
    record = Path(record_file(path))
    damage(record)
    with pytest.raises(UserError, match=rf"^{record}: is not .*; {path} was set aside as .*\.damaged: run again"):
        checked(Path(path), record)
    assert not Path(path).exists()


@pytest.mark.parametrize("path", ["weights.npz", "scores/manifest.json", "raw"])
def test_result_whose_record_is_still_to_be_written_stays(results: Path, path: str) -> None:
    """Another checkout may just be making it."""
    record = Path(record_file(path))
    record.unlink()
    with pytest.raises(UserError, match=f"^{path}: nothing says how it was made, as {record} is not"):
        checked(Path(path), record)
    assert Path(path).exists()


def test_no_flipped_bit_of_a_record_is_an_error(results: Path) -> None:
    record = Path("scores.provenance.json")
    whole = record.read_bytes()
    refused = 0
    for place in range(len(whole)):
        changed = bytearray(whole)
        changed[place] ^= 1
        record.write_bytes(changed)
        refused += wrong_file(Path("scores/manifest.json"), record) is not None
    assert refused > len(whole) / 2  # what is left are spaces, and stamps, without which a file is read


def test_what_was_set_aside_before_goes(results: Path) -> None:
    for text in ("first", "second"):
        Path("raw").mkdir(exist_ok=True)
        Path("raw/x").write_text(text)
        set_aside(Path("raw"))
    assert Path("raw.damaged/x").read_text() == "second"
    for text in ("first", "second"):
        Path("weights.npz").write_text(text)
        set_aside(Path("weights.npz"))
    assert Path("weights.npz.damaged").read_text() == "second"


@pytest.fixture
def jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with three jobs by hand: raw to scenes, scenes to weights, both to metrics."""
    monkeypatch.chdir(tmp_path)
    for name, inputs in (("scenes", []), ("weights", ["scenes"]), ("metrics", ["weights", "scenes"])):
        Path(f"{name}.json").write_text(name)
        record = {
            "step": name,
            "inputs": {f"{other}.json": sha256(other) for other in inputs},
            "code": {"workflow_scripts/measure.py": sha256("measure")},
            "records": [f"{other}.provenance.json" for other in inputs],
        }
        Path(f"{name}.provenance.json").write_text(json.dumps(record))
    Path("workflow_scripts").mkdir()
    Path("workflow_scripts/measure.py").write_text("measure")
    return tmp_path


def test_chain_has_each_job_once_the_last_first(jobs: Path) -> None:
    assert [record["step"] for record in chain("metrics.provenance.json")] == ["metrics", "weights", "scenes"]
    assert list(chain("nowhere.provenance.json")) == []


@pytest.mark.parametrize("damage", [truncate, zero])
def test_record_that_cannot_be_read_ends_a_chain_in_a_sentence(jobs: Path, damage: Callable[[Path], None]) -> None:
    damage(Path("weights.provenance.json"))
    with pytest.raises(UserError, match=r"^weights\.provenance\.json: it cannot be read; delete it and run again"):
        list(chain("metrics.provenance.json"))


def test_input_that_changed_is_told(jobs: Path) -> None:
    (metrics, *_) = chain("metrics.provenance.json")
    assert changed_since(metrics) == []
    Path("scenes.json").write_text("other scenes")
    Path("workflow_scripts/measure.py").unlink()
    assert changed_since(metrics) == ["scenes.json", "workflow_scripts/measure.py"]


def test_raw_files_are_those_of_the_journal_beside_a_manifest(tmp_path: Path) -> None:
    lines = [{"name": name, "made_with": "", "raw": {f"{name}.bin": sha256(name)}, "scene": {}} for name in "ab"]
    write_journal(tmp_path, lines)
    found = raw_files({"outputs": {str(tmp_path / "manifest.json"): {}}})
    assert found == {str(tmp_path / "journal.jsonl"): {"a.bin": sha256("a"), "b.bin": sha256("b")}}
    assert raw_files({"outputs": {"elsewhere/manifest.json": {}, "weights.npz": {}}}) == {}


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
