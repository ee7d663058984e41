"""What has been made under another name, with the same key and of the same inputs, is copied and not made again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.commands.tiny_project import INPUTS, KEY, OUT, READ, RECORD, job, record_of, run, write_project

from openworld3d.files import sha256_of, write_json
from openworld3d.provenance.records import describe

OTHER = "results/others"
ELSEWHERE = f"results/*/{KEY}"


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return where the result of the same key lies that has been made under another name."""
    write_project(tmp_path, monkeypatch)
    out, record = (place.replace("results/sums", OTHER) for place in (OUT, RECORD))
    done = run(job(folder=OTHER, outputs={"out": out}, record=record, wildcards={"seed": "1"}))
    assert (done.returncode, done.stderr) == (0, "")
    Path("started").unlink()
    return Path(out)


def taken(total: float = 3.25, **changed: Any) -> bool:
    """Run the job, and tell whether it copied what it found."""
    done = run(job(elsewhere=ELSEWHERE, **changed))
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(Path(OUT).read_text())["total"] == total
    return not Path("started").exists()


def test_result_of_the_key_is_copied_with_its_record(made: Path) -> None:
    assert taken()
    ours, theirs = (json.loads(Path(record).read_text()) for record in (RECORD, made.with_suffix(".provenance.json")))
    assert ours["outputs"] == {OUT: {"sha256": sha256_of(made), "files": {}}}
    assert (ours["wildcards"], ours["made_as"]) == ({"seed": "0"}, {"seed": "1"})
    same = ("step", "key", "parts", "records", "inputs", "code", "state", "software", "threads")
    assert {name: ours[name] for name in same} == {name: theirs[name] for name in same}


def test_copy_of_a_copy_says_what_was_made(made: Path) -> None:
    assert taken()
    made.unlink()
    out, record = (place.replace("sums", "third") for place in (OUT, RECORD))
    done = run(job(elsewhere=ELSEWHERE, folder="results/third", outputs={"out": out}, record=record))
    assert done.returncode == 0
    assert json.loads(Path(record).read_text())["made_as"] == {"seed": "1"}


@pytest.mark.parametrize("damage", ["output", "record", "no output", "no record"])
def test_what_is_not_whole_is_made_again(made: Path, damage: str) -> None:
    file = made if "output" in damage else made.with_suffix(".provenance.json")
    if damage.startswith("no"):
        file.unlink()
    else:
        file.write_text("{")
    assert not taken()


def test_of_other_inputs_it_is_made_again(made: Path) -> None:
    """Results of one key may differ in what informs a person, as the scenes that watch a training."""
    more = "results/numbers/llllllllllll/three.json"
    Path(more).parent.mkdir()
    Path(more).write_text(Path(READ[0]).read_text())
    write_json(Path(record_of(more)), {"outputs": {more: describe(Path(more))}})
    read = {**{name: [path] for name, path in INPUTS.items()}, "numbers": [INPUTS["numbers"], more]}
    records = {path: record_of(path) for paths in read.values() for path in paths}
    assert not taken(6.5, inputs=read, records=records)


def test_what_is_not_shared_is_made_again(made: Path) -> None:
    assert run(job()).returncode == 0
    assert Path("started").exists()
