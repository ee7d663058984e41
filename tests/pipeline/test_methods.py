"""Recipes of every origin and scores of every kind in one table, each with what it reads, and re-run for no less."""

from __future__ import annotations

import csv
import io
import re
from typing import Callable

import pytest
from tests.pipeline.conftest import KEY, Project, edited
from tests.pipeline.edits import code, value
from tests.pipeline.planned import planned
from tests.pipeline.test_reruns import LIBRARY, ONE_SCORE, TABLE, Jobs

METHODS = {
    "closed_set": ["msp", "energy", "knn", "standardised_max_logit_smooth"],
    "dropout": ["mutual_information"],
    "drop_path": ["entropy"],
    "ensemble": ["class_variance"],
    "real": ["redundancy"],
    "pdf": ["unknown_logit"],
    "upper_bound": ["unknown_probability"],
}
ASK_ONE: Jobs = {"infer": 1, "sample_training": 1, **ONE_SCORE}


def chains(scores: int, **jobs: int) -> Jobs:
    """Return the jobs that follow some scores, and others."""
    return {**dict.fromkeys(("score", "export_clouds", "measure"), scores), **TABLE, **jobs}


@pytest.fixture(scope="module")
def every(finished: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return the tiny pipeline after all methods have joined its table: nothing of the first run is made again."""
    project = Project.copy_of(finished, tmp_path_factory.mktemp("methods") / "copy")
    value("tables.rooms.methods", METHODS)(project)
    value("recipes.ensemble.members", 2)(project)
    assert project.would_run() == chains(8, train=5, infer=6, sample_training=5, ensemble=1)
    done = project.snakemake()
    assert done.returncode == 0, done.stdout
    return project


def rows(project: Project) -> list[dict[str, str]]:
    """Return the table's rows."""
    return list(csv.DictReader(io.StringIO(project.read("results/tables/rooms.csv"))))


def test_table_has_a_row_for_each_method(every: Project) -> None:
    table = rows(every)
    assert [row["method"] for row in table] == [
        f"{recipe} + {score}" for recipe, scores in METHODS.items() for score in scores
    ]
    assert all(0 <= float(row["auroc"]) <= 1 for row in table)
    assert "Nothing to be done" in every.snakemake().stdout


def test_other_recipes_ask_what_they_say(every: Project) -> None:
    runs = every.folder / "results/runs/sofa/stratified_small"
    trained = [str(file.relative_to(runs)) for file in runs.rglob("weights.npz") if not file.is_symlink()]
    assert sorted(re.sub(f"/{KEY}/", "/", file) for file in trained) == [
        "closed_set/seed0/weights.npz",
        "closed_set/seed1/weights.npz",
        "dropout/seed0/weights.npz",
        "pdf/seed0/weights.npz",
        "real/seed0/weights.npz",
        "upper_bound/seed0/weights.npz",
    ]
    configs = {}
    for document, row in zip(every.provenance(), rows(every)):
        last_first = [job for job in document["jobs"] if "config" in job]
        configs[row["recipe"]] = {job["step"]: job["config"] for job in reversed(last_first)}
    assert configs["dropout"]["infer"]["recipe"] == {"kind": "dropout", "passes": 10}
    assert "passes" not in configs["dropout"]["train"]["recipe"]
    assert configs["drop_path"]["infer"]["recipe"] == {"kind": "drop_path", "passes": 10}
    assert configs["drop_path"]["train"]["recipe"]["kind"] == "closed_set"
    assert configs["ensemble"]["train"]["recipe"]["kind"] == "closed_set"
    assert configs["real"]["train"]["recipe"]["start_from"] == "closed_set"
    assert configs["real"]["train"]["recipe"]["redundancy"] == 3
    assert "sofa" not in configs["real"]["train"]["recipe"]["synthesis_classes"]
    assert "chair" in configs["real"]["train"]["recipe"]["synthesis_classes"]
    assert configs["pdf"]["train"]["recipe"]["start_epoch"] == 1
    assert configs["pdf"]["train"]["recipe"]["second_decoder"] == "plain"
    assert "pseudo_recall" in every.read("results/runs/sofa/stratified_small/pdf/seed0/current/history.csv")
    assert configs["upper_bound"]["train"]["recipe"]["kind"] == "upper_bound"


def left_out(project: Project) -> None:
    project.edit_config(lambda config: config["recipes"]["dropout"].pop("passes"))


def no_number(project: Project) -> None:
    project.edit_config(lambda config: config["recipes"]["real"].pop("redundancy"))


KEPT = {**METHODS, "closed_set": ["msp", "energy"]}
EDITS: dict[str, tuple[Callable[[Project], None], Jobs]] = {
    "passes": (value("recipes.dropout.passes", 4), ASK_ONE),
    "passes left out, which are 10 then too": (left_out, {}),
    "share that is dropped": (value("recipes.dropout.dropout", 0.2), {"train": 1, **ASK_ONE}),
    "passes with paths dropped": (value("recipes.drop_path.passes", 4), ASK_ONE),
    "sums over passes and visits": (
        code(f"{LIBRARY}/networks/averaging.py"),
        chains(10, train=1, infer=7, sample_training=6, ensemble=1),
    ),
    "members": (value("recipes.ensemble.members", 3), {"train": 1, "ensemble": 1, "infer": 1, **ONE_SCORE}),
    "precision of the stored outputs": (
        value("evaluation.stored_precision", "float16"),
        chains(10, infer=7, ensemble=1),
    ),
    "command that joins": (code("workflow_scripts/ensemble.py"), {"ensemble": 1, **ONE_SCORE}),
    "score of the passes": (code(f"{LIBRARY}/scores/mutual_information.py"), ONE_SCORE),
    "upper bound": (code(f"{LIBRARY}/recipes/upper_bound.py"), {"train": 1, **ASK_ONE}),
    "weight of calibration": (value("recipes.real.calibration_weight", 0), {"train": 1, **ASK_ONE}),
    "number of classifiers left out, which are 3 then too": (no_number, {}),
    "classes that are resized": (value("recipes.real.synthesis_classes", ["table"]), {"train": 1, **ASK_ONE}),
    "how regions grow": (code(f"{LIBRARY}/pseudo_labels/growing.py"), {"train": 1, **ASK_ONE}),
    "which points are marked": (value("recipes.pdf.pseudo_labels", "oracle"), {"train": 1, **ASK_ONE}),
    "synthesis": (code(f"{LIBRARY}/pseudo_labels/synthesis.py"), {"train": 1, **ASK_ONE}),
    "what all others start from or extend": (
        value("recipes.closed_set.learning_rate", 0.001),
        chains(10, train=6, infer=7, ensemble=1, sample_training=6),
    ),
    "code of a score that is fitted": (code(f"{LIBRARY}/scores/knn.py"), ONE_SCORE),
    "option of a score that is fitted": (value("scores.knn.k", 5), ONE_SCORE),
    "what scores are fitted on": (code(f"{LIBRARY}/inference/training_sample.py"), chains(9, sample_training=6)),
    "neighbours of a score": (value("scores.standardised_max_logit_smooth.neighbors", 3), ONE_SCORE),
    "scores removed": (value("tables.rooms.methods", KEPT), TABLE),
    "recipes removed": (value("tables.rooms.methods", {"closed_set": METHODS["closed_set"]}), TABLE),
    "scores of other recipes added": (
        value("tables.rooms.methods", {**METHODS, "dropout": ["mutual_information", "msp", "class_variance"]}),
        chains(2),
    ),
}


@pytest.mark.parametrize("name", EDITS)
def test_edit_reruns_exactly(every: Project, name: str) -> None:
    edit, expected = EDITS[name]
    with edited(every, edit):
        assert planned(every.folder) == expected
