"""Two keys differ by what made them: by their records, or as they were planned."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable

import pytest

from openworld3d.errors import UserError
from openworld3d.files import write_json, write_noted
from openworld3d.workflow.plan import PLAN, SHOWN
from openworld3d.workflow.steps import STEPS

WILDCARDS = {
    "dataset": "rooms",
    "split": "train",
    "protocol": "sofa",
    "backbone": "small",
    "recipe": "closed_set",
    "seed": "0",
    "coverage": "single",
    "shard": "1of2",
}
Show = Callable[..., "list[str]"]


@pytest.fixture
def show(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> Show:
    """Return a function that compares two keys and returns the lines that are printed."""
    monkeypatch.chdir(tmp_path)

    def run(one: str, other: str) -> list[str]:
        command("show_difference", "--this", one, "--that", other)
        return capsys.readouterr().out.splitlines()

    return run


def key(number: int) -> str:
    return "abcdefghijklmnop"[number] * 12


def address(step: str, **changed: str) -> str:
    return f"{step} {STEPS[step].folder.format(**{**WILDCARDS, **changed})}"


def parts(config: Any, inputs: dict[str, dict[str, str]] | None = None, code: str = "c") -> dict[str, Any]:
    return {"config": config, "code": code, "inputs": inputs or {}, "environment": "e"}


def record(step: str, number: int, of: dict[str, Any], behind: list[str], **changed: str) -> str:
    """Write the record of a job, and return where it lies."""
    place = f"{address(step, **changed).split()[1]}/{key(number)}/{step}.provenance.json"
    of = {**of, "code": f"{of['code']} of {step}"}
    of_job = {"step": step, "key": key(number), "parts": of, "wildcards": {**WILDCARDS, **changed}}
    code = {f"workflow_scripts/{step}.py": of["code"]}
    write_json(Path(place), {**of_job, "records": behind, "code": code})
    return place


def run_of(first: int, epochs: int = 14, label: str = "class", code: str = "c", **changed: str) -> None:
    """Write the records of a run, from its scenes to its outputs, of three keys that follow one another."""
    scenes = record("prepare", first, parts({"keys": {"label": label}}), [])
    read = {"scenes": {address("prepare"): key(first)}}
    weights = record("train", first + 1, parts({"recipe": {"epochs": epochs}}, read, code), [scenes], **changed)
    asked = {"weights": {address("train", **changed): key(first + 1)}}
    record("infer", first + 2, parts({"coverage": "single"}, asked), [weights, scenes], **changed)


EPOCHS = "1 training: recipes.closed_set.epochs 14 -> 20"
LABEL = '1 preparation: datasets.rooms.label "class" -> "row"'


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        ({"epochs": 20}, {EPOCHS}),
        ({"label": "row"}, {LABEL}),
        ({"epochs": 20, "label": "row"}, {EPOCHS, LABEL}),
        ({"code": "d"}, {"1 training: workflow_scripts/train.py changed"}),
    ],
)
def test_difference_is_found_down_to_the_scenes(show: Show, other: dict[str, Any], expected: set[str]) -> None:
    run_of(0)
    run_of(3, **other)
    assert set(show(key(2), key(5))) == expected


def test_part_of_the_way_tells_what_it_was_made_from(show: Show) -> None:
    run_of(0)
    run_of(3, epochs=20, label="row")
    assert set(show(key(1), key(4))) == {EPOCHS, LABEL}
    assert show(key(0), key(3)) == [LABEL]


def test_one_key_is_one(show: Show) -> None:
    run_of(0)
    assert show(key(2), key(2)) == [f"{key(2)} is one key"]


@pytest.mark.parametrize(("one", "other"), [(1, 4), (2, 4), (0, 4)])
def test_keys_of_two_results_are_told(show: Show, one: int, other: int) -> None:
    run_of(0)
    run_of(3, epochs=20, seed="1")
    steps = ("prepare", "train", "infer")
    first, *_ = show(key(one), key(other))
    assert first == (
        f"{key(one)} and {key(other)} are keys of two results: {address(steps[one])}, {address('train', seed='1')}"
    )


@pytest.mark.parametrize("place", [PLAN, SHOWN])
def test_key_that_was_planned_and_not_made_is_known(show: Show, place: Path) -> None:
    run_of(0)
    planned = {
        address("prepare"): ("prepare", 3, parts({"keys": {"label": "row"}})),
        address("train"): ("train", 4, parts({"recipe": {"epochs": 20}}, {"scenes": {address("prepare"): key(3)}})),
        address("infer"): ("infer", 6, parts({"coverage": "tta"})),
    }
    results = {
        name: {
            "key": key(number),
            "wildcards": WILDCARDS,
            "parts": {**of, "code": f"{of['code']} of {step}"},
        }
        for name, (step, number, of) in planned.items()
    }
    write_noted(place, {"results": results, "code": {}})
    assert set(show(key(1), key(4))) == {EPOCHS, LABEL}


@pytest.mark.parametrize(
    "keys", [("", ""), (key(0), "nowhere"), ("nowhere", key(0)), (key(0), ""), (key(0), "rooms")]
)
def test_key_that_nothing_has_is_refused(show: Show, keys: tuple[str, str]) -> None:
    run_of(0)
    unknown = next(name for name in keys if name != key(0))
    with pytest.raises(UserError, match=f"key '{unknown}': no result has it, and none was planned with it"):
        show(*keys)


def test_links_are_not_looked_through(show: Show) -> None:
    run_of(0)
    place = Path(address("train").split()[1])
    (place / "current").symlink_to(key(1))
    (place / key(9)).symlink_to(key(1))
    with pytest.raises(UserError, match="no result has it"):
        show(key(9), key(1))
