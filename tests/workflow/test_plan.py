"""What a call says of its plan: by which change, of how many results, one plan differs from another."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any, Callable

import pytest
from tests.configs import ROOT, read

from openworld3d.files import write_noted
from openworld3d.workflow import plan
from openworld3d.workflow.keys import Keys
from openworld3d.workflow.plan import differences, place_of, read_plan, sentences, told, told_apart
from openworld3d.workflow.steps import STEPS
from openworld3d.workflow.targets import selected_table

RUN = {"protocol": "sofa", "backbone": "small", "recipe": "closed_set", "seed": "0"}
CODE = {"workflow_scripts/train.py": "1", "workflow_scripts/openworld3d/training/loop.py": "2"}


def entry(key: str, wildcards: dict[str, str], config: Any = None, **parts: Any) -> dict[str, Any]:
    """Return what a plan has of a result."""
    of_result = {"config": config, "code": "c", "environment": "e", "inputs": {}, **parts}
    return {"key": key, "wildcards": wildcards, "parts": of_result}


def before() -> dict[str, dict[str, Any]]:
    """Return a plan of two trainings, scenes, two scores and an import."""
    recipe = {"epochs": 14, "schedule": "cosine", "keep": [9]}
    backbone = {"k": 16, "window": {"size": 4}}
    results = {}
    for seed in ("0", "1"):
        config = {"recipe": recipe, "backbone": backbone, "unknown": ["sofa"], "seed": int(seed)}
        inputs = {"scenes": {"prepare results/scenes/rooms/train": "s"}}
        results[f"train seed{seed}"] = entry("t", {**RUN, "seed": seed}, copy.deepcopy(config), inputs=inputs)
    rooms = {"dataset": "rooms", "split": "train"}
    keys = {"classes": [], "keys": {"label": "class"}}
    results["prepare"] = entry("s", rooms, keys, outside="o")
    for name in ("msp", "energy"):
        config = {"score": {"kind": name, "neighbors": 1}, "bits": 16}
        results[f"score {name}"] = entry("m", {**RUN, "score": name}, config)
    results["import_weights"] = entry("w", RUN, {"recipe": recipe}, outside="o")
    return copy.deepcopy({"results": results, "code": {"c": CODE}})


def put(value: object, *path: str) -> Callable[..., None]:
    """Return what gives some results another key and another value at a place among their parts."""

    def change(plan: dict[str, Any], *results: str) -> None:
        for name in results:
            plan["results"][name]["key"] += "2"
            place = plan["results"][name]["parts"]
            for part in path[:-1]:
                place = place[part]
            place[path[-1]] = value

    return change


def other_code(plan: dict[str, Any], *results: str) -> None:
    put("d", "code")(plan, *results)
    plan["code"]["d"] = {**CODE, "workflow_scripts/openworld3d/training/loop.py": "3", "workflow_scripts/new.py": "4"}


def drop(plan: dict[str, Any], *results: str) -> None:
    for name in results:
        del plan["results"][name]


TRAINED = ("train seed0", "train seed1")
LONG = ["a long name of a class"] * 4
SHORT = json.dumps(LONG)[:60]
TRAINING_SCENES = {"prepare results/scenes/rooms/train": "s"}
OTHER_SCENES = {"prepare results/scenes/rooms/train": "s2"}
MORE_SCENES = {**TRAINING_SCENES, "prepare results/scenes/rooms/val": "v"}
RECIPE, UNKNOWN = "recipes.closed_set", "protocols.sofa.unknown"
CASES: list[tuple[Callable[..., None], tuple[str, ...], list[str]]] = [
    (put(20, "config", "recipe", "epochs"), TRAINED[:1], ["1 training: recipes.closed_set.epochs 14 -> 20"]),
    (put(20, "config", "recipe", "epochs"), TRAINED, ["2 trainings: recipes.closed_set.epochs 14 -> 20"]),
    (put(8, "config", "backbone", "window", "size"), TRAINED, ["2 trainings: backbones.small.window.size 4 -> 8"]),
    (put(0.5, "config", "recipe", "dropout"), TRAINED[1:], [f"1 training: {RECIPE}.dropout nothing -> 0.5"]),
    (put([9, 12], "config", "recipe", "keep"), TRAINED, [f"2 trainings: {RECIPE}.keep [9] -> [9, 12]"]),
    (put(["bed"], "config", "unknown"), TRAINED, [f'2 trainings: {UNKNOWN} ["sofa"] -> ["bed"]']),
    (put(3, "config", "seed"), TRAINED[:1], ["1 training: seed 0 -> 3"]),
    (put(8, "config", "score", "neighbors"), ("score msp",), ["1 scoring: scores.msp.neighbors 1 -> 8"]),
    (put("gen", "config", "score", "kind"), ("score msp",), ['1 scoring: scores.msp.kind "msp" -> "gen"']),
    (put(8, "config", "bits"), ("score msp", "score energy"), ["2 scorings: evaluation.bits 16 -> 8"]),
    (put("row", "config", "keys", "label"), ("prepare",), ['1 preparation: datasets.rooms.label "class" -> "row"']),
    (put(LONG, "config", "classes"), ("prepare",), [f"1 preparation: datasets.rooms.classes [] -> {SHORT}..."]),
    (put("p", "outside"), ("prepare",), ["1 preparation: the files that it reads from outside changed"]),
    (put("p", "outside"), ("import_weights",), ["1 weights import: the files that it reads from outside changed"]),
    (put("f", "environment"), TRAINED, ["2 trainings: the environment's file changed"]),
    (
        other_code,
        TRAINED,
        ["2 trainings: workflow_scripts/new.py, workflow_scripts/openworld3d/training/loop.py changed"],
    ),
    (put("unknown", "code"), TRAINED[:1], ["1 training: its code changed"]),
    # What follows from an input is none of its own; another number of inputs is.
    (put(OTHER_SCENES, "inputs", "scenes"), TRAINED, []),
    (put(MORE_SCENES, "inputs", "scenes"), TRAINED[:1], ["1 training: scenes: 1 more, 0 fewer"]),
    (put({}, "inputs"), TRAINED[:1], ["1 training: scenes: 0 more, 1 fewer"]),
    (drop, TRAINED, []),
]


@pytest.mark.parametrize(("change", "results", "expected"), CASES)
def test_difference_of_two_plans(change: Callable[..., None], results: tuple[str, ...], expected: list[str]) -> None:
    after = before()
    change(after, *results)
    assert sentences(differences(before(), after)) == expected


def test_equal_plans_and_new_results_do_not_differ() -> None:
    assert differences(before(), before()) == {}
    fewer = before()
    drop(fewer, *TRAINED)
    assert differences(fewer, before()) == {}


def test_changes_are_counted_apart() -> None:
    after = before()
    put(20, "config", "recipe", "epochs")(after, *TRAINED)
    put(32, "config", "backbone", "k")(after, TRAINED[0])
    put(8, "config", "bits")(after, "score msp")
    assert sentences(differences(before(), after)) == [
        "1 training: backbones.small.k 16 -> 32",
        "2 trainings: recipes.closed_set.epochs 14 -> 20",
        "1 scoring: evaluation.bits 16 -> 8",
    ]


def test_plural_of_every_noun_is_an_s() -> None:
    assert [step.noun for step in STEPS.values() if step.noun.endswith(("s", "y")) or " of " in step.noun] == []


def test_key_of_another_plan_is_told_with_what_changed_since() -> None:
    now = before()
    put(20, "config", "recipe", "epochs")(now, *TRAINED)
    said = told_apart(before(), now, "train seed0", "t")
    assert said.startswith("seed0/t: its key is t2 now (2 trainings: recipes.closed_set.epochs 14 -> 20); run again")
    unknown = told_apart(before(), now, "train seed0", "never planned")
    assert "its key is t2 now (the config, the code or files from outside have changed)" in unknown


@pytest.mark.parametrize("text", [None, "", "{", "[]", '{"results": {}}', "\0" * 9, "null"])
def test_plan_that_cannot_be_read_is_empty(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "plan.json").write_text(text)
    assert read_plan(tmp_path / "plan.json") == {"results": {}, "code": {}}


def test_plan_is_read_as_it_was_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_noted(tmp_path / "results/.plan.json", before())
    assert read_plan(tmp_path / "results/.plan.json") == before()
    monkeypatch.chdir(tmp_path)
    assert plan.planned_code("c") == CODE
    assert plan.planned_code("d") == {}


@pytest.mark.parametrize("experiment", ["pdf_incremental", "stu"])
def test_each_part_of_each_result_has_a_place(experiment: str) -> None:
    config = read(ROOT / f"experiments/{experiment}.yaml")
    for result in Keys(config).behind(selected_table(config)):
        for name in result.parts.get("config") or {}:
            assert place_of((name,), STEPS[result.step].place, result.wildcards)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ([{"a": 1}, {"a": 2}], [{"a": 2}, {"a": 3}, {"a": 4}], "2 more, 1 fewer"),
        ([{"a": 1}, {"a": 2}], [{"a": 2}, {"a": 1}], '[{"a": 1}, {"a": 2}] -> [{"a": 2}, {"a": 1}]'),
        ([1, 2], [2, 3], "[1, 2] -> [2, 3]"),
        (14, 20, "14 -> 20"),
    ],
)
def test_rows_that_came_and_went_are_counted(old: Any, new: Any, expected: str) -> None:
    assert told(old, new) == expected
