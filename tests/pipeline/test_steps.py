"""Unknown classes are learned one step after another: `snakemake incremental`, and what an edit of a step re-runs."""

from __future__ import annotations

import csv
import io
import json
from typing import Any, Callable

import pytest
from tests.pipeline.conftest import Project, edited
from tests.pipeline.edits import code, value
from tests.pipeline.planned import planned
from tests.pipeline.test_reruns import LIBRARY, TABLE, Jobs

from openworld3d.workflow.targets import incremental_table

METHODS = {
    "real": ["redundancy"],
    "incremental_chair": ["redundancy"],
    "incremental_bookshelf": ["redundancy"],
    "closed_set": ["msp"],
    "fine_tuning_chair": ["msp"],
    "feature_extraction_chair": ["msp"],
    "without_forgetting_chair": ["msp"],
    "pdf": ["unknown_logit"],
    "distillation_chair": ["msp"],
}
RUNS = "results/runs/steps/stratified_small"


def chains(methods: int, measures: int, **jobs: int) -> Jobs:
    """Return the jobs that follow some runs, of which more may be measured anew, and others."""
    return {
        "infer": methods,
        "score": methods,
        "measure": measures,
        **TABLE,
        "draw_steps": 1,
        **jobs,
    }


def two_classes(project: Project) -> list[str]:
    """Return the two classes of the tiny rooms, of both splits, that have most points beside walls and floor."""
    counts = []
    for split in ("train", "val"):
        (scene,) = json.loads(project.read(f"results/scenes/rooms/{split}/current/manifest.json"))["scenes"]
        counts.append(scene["class_points"])
    shared = [name for name in counts[0] if name in counts[1] and name not in ("wall", "floor")]
    return sorted(shared, key=lambda name: -min(count[name] for count in counts))[:2]


@pytest.fixture(scope="module")
def taught(finished: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return the pipeline after both steps on the tiny rooms."""
    project = Project.copy_of(finished, tmp_path_factory.mktemp("steps") / "copy")
    first, second = two_classes(project)

    def change(config: dict[str, Any]) -> None:
        config["protocols"]["steps"] = {**config["protocols"]["sofa"], "unknown": [first, second]}
        config["tables"]["incremental"].update(protocols=["steps"], methods=METHODS)
        for name, recipe in config["recipes"].items():
            if "teaches" in recipe:
                recipe["teaches"] = [first if name.endswith("_chair") else second]

    project.edit_config(change)
    done = project.snakemake("incremental")
    assert done.returncode == 0, done.stdout
    return project


def test_table_tells_old_novel_and_what_was_forgotten(taught: Project) -> None:
    rows = list(csv.DictReader(io.StringIO(taught.read("results/tables/incremental.csv"))))
    assert [row["recipe"] for row in rows] == list(METHODS)
    for row in rows:
        of_step = row["recipe"] not in ("real", "closed_set", "pdf")
        assert (row["miou_novel"] != "n/a") == of_step
        assert (row["forgetting"] != "n/a") == of_step
        assert float(row["miou_old"]) >= 0
    by_recipe = {row["recipe"]: row for row in rows}
    before, after = by_recipe["real"], by_recipe["incremental_chair"]
    assert float(after["forgetting"]) == pytest.approx(float(before["miou_old"]) - float(after["miou_old"]))
    # Two steps on, nothing is unknown that could be ranked.
    assert by_recipe["incremental_bookshelf"]["auroc"] == "n/a"
    assert (taught.folder / "results/figures/incremental.svg").stat().st_size > 1000
    assert "Nothing to be done" in taught.snakemake("incremental").stdout


def test_labels_of_a_step_can_be_looked_at(taught: Project) -> None:
    first, second = two_classes(taught)
    held = json.loads(taught.read(f"{RUNS}/incremental_chair/seed0/current/labels/manifest.json"))["scenes"]
    (scene,) = json.loads(taught.read("results/scenes/rooms/train/current/manifest.json"))["scenes"]
    assert held[0]["class_points"][first] == scene["class_points"][first]
    assert held[0]["void_points"] == 0  # all others are what the network before predicts
    assert second not in held[0]["class_points"]
    (plain,) = json.loads(taught.read(f"{RUNS}/fine_tuning_chair/seed0/current/labels/manifest.json"))["scenes"]
    assert plain["class_points"] == {first: scene["class_points"][first]}


EDITS: dict[str, tuple[Callable[[Project], None], Jobs]] = {
    "learning rate of the last step": (
        value("recipes.incremental_bookshelf.learning_rate", 0.001),
        chains(1, 1, train=1),
    ),
    "learning rate of the first step, which the other methods extend": (
        value("recipes.incremental_chair.learning_rate", 0.001),
        chains(6, 6, train=6, relabel=1),
    ),
    "command that relabels": (code("workflow_scripts/relabel.py"), chains(6, 6, train=6, relabel=6)),
    "distillation of logits": (
        code(f"{LIBRARY}/recipes/learning_without_forgetting.py"),
        chains(2, 2, train=2, relabel=2),
    ),
    "distillation of what is known": (
        code(f"{LIBRARY}/recipes/knowledge_distillation.py"),
        chains(1, 1, train=1, relabel=1),
    ),
    "weight of the distillation": (
        value("recipes.without_forgetting_chair.distillation_weight", 2.0),
        chains(1, 1, train=1),
    ),
}


@pytest.mark.parametrize("name", EDITS)
def test_edit_reruns_exactly(taught: Project, name: str) -> None:
    edit, expected = EDITS[name]
    with edited(taught, edit):
        assert planned(taught.folder, incremental_table) == expected
