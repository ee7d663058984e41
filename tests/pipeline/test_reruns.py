"""After each edit, exactly which rules and how many jobs would run; and none once it is taken back."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from pathlib import Path
from typing import Callable

import pytest
from tests.pipeline.conftest import EVERYTHING, Project, edited
from tests.pipeline.edits import (
    code,
    comment,
    comment_in,
    key_order,
    nothing,
    replace,
    swap,
    touch,
    unused_definitions,
    value,
)
from tests.pipeline.planned import planned

Jobs = dict[str, int]
LIBRARY = "workflow_scripts/openworld3d"
TABLE_FILE = "results/tables/rooms.csv"

TABLE: Jobs = {"make_table": 1, "make_report": 1, "draw_figures": 1}
MEASURE: Jobs = {"measure": 2, **TABLE}
SCORE: Jobs = {"score": 2, "export_clouds": 2, **MEASURE}
INFER: Jobs = {"infer": 1, **SCORE}
ASK: Jobs = {"sample_training": 1, **INFER}
TRAIN: Jobs = {"train": 1, **ASK}
CHECK: Jobs = {"check_protocol": 1, "make_report": 1}
PREPARE: Jobs = {"prepare": 2, **CHECK, **TRAIN}
GENERATE: Jobs = {"generate_rooms": 1, **PREPARE}
ONE_SCORE: Jobs = {"score": 1, "export_clouds": 1, "measure": 1, **TABLE}


CASES: dict[str, tuple[Callable[[Project], None], Jobs]] = {
    # Changes that change nothing.
    "nothing": (nothing, {}),
    "a comment in the config": (comment, {}),
    "key order in the config": (key_order, {}),
    "every script touched": (touch, {}),
    "definitions that no table uses": (unused_definitions, {}),
    # The data.
    "seed of the rooms": (value("datasets.rooms.generate.seed", 1), GENERATE),
    "shape of a chair": (code(f"{LIBRARY}/generators/rooms/seating.py"), GENERATE),
    "reader of ScanNet": (code(f"{LIBRARY}/datasets/scannet.py"), {**PREPARE, "generate_rooms": 1}),
    "reader of another dataset": (code(f"{LIBRARY}/datasets/semantickitti.py"), {}),
    "shape of a bus": (code(f"{LIBRARY}/generators/streets/other_vehicles.py"), {}),
    "command that prepares": (code("workflow_scripts/prepare.py"), PREPARE),
    # The protocol.
    "unknown class": (value("protocols.sofa.unknown", ["chair"]), {"check_protocol": 1, **TRAIN}),
    "unknown points removed": (value("protocols.sofa.unknown_points", "remove"), TRAIN),
    "command that checks the protocol": (code("workflow_scripts/check_protocol.py"), CHECK),
    "unknown classes of another protocol": (
        value("protocols.four_unknown.unknown", ["chair", "bookshelf", "bed"]),
        {},
    ),
    # Training.
    "learning rate": (value("recipes.closed_set.learning_rate", 0.001), TRAIN),
    "two rates swapped": (swap("recipes.closed_set", "learning_rate", "block_learning_rate"), TRAIN),
    "momentum, which is of another optimizer": (value("recipes.closed_set.momentum", 0.9), TRAIN),
    "backbones that the recipe is for": (value("recipes.closed_set.backbones", ["stratified_small"]), {}),
    "another network": (code(f"{LIBRARY}/backbones/point_transformer.py"), {}),
    "heads of a level": (value("backbones.stratified_small.num_heads", [1, 2, 1]), TRAIN),
    "range of the colours": (value("backbones.stratified_small.appearance_range", [0, 1]), TRAIN),
    "library file of training alone": (code(f"{LIBRARY}/training/loop.py"), TRAIN),
    "library file of the network": (code(f"{LIBRARY}/networks/layers/kpconv.py"), TRAIN),
    "loss of the recipe": (code(f"{LIBRARY}/recipes/closed_set.py"), TRAIN),
    "loss that recipes share": (code(f"{LIBRARY}/recipes/parts/losses.py"), TRAIN),
    "weight of the second loss": (value("recipes.closed_set.lovasz_weight", 1.0), TRAIN),
    "columns that no label trains": (value("backbones.stratified_small.untaught_columns", "unknown"), TRAIN),
    "recipe that no table uses": (value("recipes.dropout.dropout", 0.2), {}),
    "what watches a training": (code(f"{LIBRARY}/training/monitor.py"), {}),
    # Inference.
    "crop at inference": (value("backbones.stratified_small.inference_voxels", 5000), ASK),
    "attention pairs at inference": (value("backbones.stratified_small.inference_pairs", 5000), ASK),
    "coverage": (value("tables.rooms.coverage", "fragments"), INFER),
    "library file of crops": (code(f"{LIBRARY}/inference/crops.py"), ASK),
    "library file of inference alone": (code(f"{LIBRARY}/inference/model.py"), ASK),
    "library file of the training sample": (
        code(f"{LIBRARY}/inference/training_sample.py"),
        {"sample_training": 1, **SCORE},
    ),
    "shards, of any number of which all that follows is the same": (value("datasets.rooms.shards", 2), {}),
    "one shard, as where none are said": (value("datasets.rooms.shards", 1), {}),
    "which scenes a shard has": (code(f"{LIBRARY}/inference/shards.py"), INFER),
    "precision of the stored outputs": (value("evaluation.stored_precision", "float16"), INFER),
    # Scores, metrics, tables, clouds.
    "code of one score": (code(f"{LIBRARY}/scores/msp.py"), ONE_SCORE),
    "code of a score that no table uses": (code(f"{LIBRARY}/scores/entropy.py"), {}),
    "code that applies every score": (code(f"{LIBRARY}/scoring/apply.py"), SCORE),
    "command that scores": (code("workflow_scripts/score.py"), SCORE),
    "statistics": (code(f"{LIBRARY}/metrics/statistics.py"), SCORE),
    "way from rows to points": (code(f"{LIBRARY}/scoring/scored_scenes.py"), SCORE),
    "bits of a bin": (value("evaluation.bits", 12), SCORE),
    "metrics from bins": (value("evaluation.exact", False), MEASURE),
    "a metric's formula": (code(f"{LIBRARY}/metrics/ranking.py"), MEASURE),
    "bounds of a metric from bins": (code(f"{LIBRARY}/metrics/ranking_bounds.py"), MEASURE),
    "table of metrics": (code(f"{LIBRARY}/metrics/table.py"), MEASURE),
    "clouds": (code(f"{LIBRARY}/reports/clouds.py"), {"export_clouds": 2, "make_report": 1, "draw_figures": 1}),
    "script of the report": (code(f"{LIBRARY}/reports/page/page.js"), {"make_report": 1}),
    "metrics of the table": (value("tables.rooms.metrics", ["auroc"]), TABLE),
    "option of a score": (value("scores.energy.temperature", 2.0), ONE_SCORE),
    "option left at its default": (value("scores.energy", {"kind": "energy"}), {}),
    "option written as a whole number": (value("scores.energy.temperature", 1), {}),
    "kind of a score": (value("scores.energy", {"kind": "margin"}), ONE_SCORE),
    "neighbours of a score": (value("scores.energy.neighbors", 8), ONE_SCORE),
    "no neighbours but itself": (value("scores.energy.neighbors", 1), {}),
    "option of a score that no table uses": (value("scores.gen.gamma", 0.5), {}),
    # Rows.
    "a score added": (value("tables.rooms.methods.closed_set", ["msp", "energy", "entropy"]), ONE_SCORE),
    "a score added that is fitted": (value("tables.rooms.methods.closed_set", ["msp", "energy", "knn"]), ONE_SCORE),
    "a score removed": (value("tables.rooms.methods.closed_set", ["energy"]), TABLE),
    "a seed added": (value("tables.rooms.seeds", [0, 1]), TRAIN),
    "a protocol added": (value("tables.rooms.protocols", ["sofa", "four_unknown"]), {"check_protocol": 1, **TRAIN}),
    # Environments.
    "check of environments": (code("workflow_scripts/check_environment.py"), {"check_environment": 2}),
    "rule of the check": (code(f"{LIBRARY}/environment/fits.py"), {"check_environment": 2}),
    "record of provenance, which the report reads": (code(f"{LIBRARY}/provenance/records.py"), {"make_report": 1}),
    "command that checks, runs and records a job": (code("workflow_scripts/job.py"), {}),
    "a comment in the environment's file": (comment_in("envs/cpu.yaml"), {}),
    "a pin of the environment of trainings": (
        replace("envs/cpu.yaml", "tqdm", "tqdm-edited"),
        {"check_environment": 1, **TRAIN},
    ),
    "row whose provenance is asked for": (value("row", 1), {}),
    "another environment": (
        value("backbones.stratified_small.environment", "stratified_transformer"),
        {"check_environment": 1, **TRAIN},
    ),
}


def jobs_of(done: subprocess.CompletedProcess[str]) -> Jobs:
    """Return how many jobs of each rule a run that ended well has started."""
    assert done.returncode == 0, done.stdout
    return dict(Counter(re.findall(r"^localrule (?!all)(\w+):$", done.stdout, re.MULTILINE)))


# Of which Snakemake is asked too: a few of each kind.
DRY_RUNS = (
    "nothing",
    "every script touched",
    "seed of the rooms",
    "unknown class",
    "learning rate",
    "coverage",
    "which scenes a shard has",
    "option of a score",
    "code of one score",
    "a seed added",
    "check of environments",
    "another environment",
)


@pytest.mark.parametrize("name", CASES)
def test_edit_reruns_exactly(finished: Project, name: str) -> None:
    edit, expected = CASES[name]
    with edited(finished, edit):
        assert planned(finished.folder) == expected
        if name in DRY_RUNS:
            assert finished.would_run() == expected


# Edits that are made, run, taken back and run: `current` shows the one config, then the other.
MADE = ("learning rate", "option of a score", "code of one score", "unknown points removed")


def test_edit_that_is_taken_back_runs_nothing(finished: Project, tmp_path: Path) -> None:
    project = Project.copy_of(finished, tmp_path / "copy")
    before = {file: project.read(file) for file in ("config.yaml", f"{LIBRARY}/scores/msp.py")}
    table = project.read(TABLE_FILE)
    for name in MADE:
        edit, expected = CASES[name]
        edit(project)
        assert jobs_of(project.snakemake(*EVERYTHING)) == expected
        assert project.would_run() == {}
        for file, text in before.items():
            project.write(file, text)
        assert "Nothing to be done" in project.snakemake().stdout
        assert project.read(TABLE_FILE) == table


def test_change_is_not_lost_while_an_environment_is_checked_again(finished: Project, tmp_path: Path) -> None:
    """The check runs again and re-runs no training; a change beside it runs in the same call."""
    project = Project.copy_of(finished, tmp_path / "copy")
    code("workflow_scripts/check_environment.py")(project)
    value("recipes.closed_set.learning_rate", 0.005)(project)
    assert jobs_of(project.snakemake(*EVERYTHING)) == {"check_environment": 2, **TRAIN}
    (document,) = project.provenance("--config", "row=1")
    (train,) = [job for job in document["jobs"] if job["step"] == "train"]
    assert train["config"]["recipe"]["learning_rate"] == 0.005
    assert project.would_run() == {}


def test_checks_of_environments_run_alone(finished: Project, tmp_path: Path) -> None:
    project = Project.copy_of(finished, tmp_path / "copy")
    code(f"{LIBRARY}/environment/fits.py")(project)
    assert jobs_of(project.snakemake(*EVERYTHING)) == {"check_environment": 2}


def test_dry_run_says_which_part_of_which_key_changed(finished: Project, tmp_path: Path) -> None:
    project = Project.copy_of(finished, tmp_path / "copy")
    value("recipes.closed_set.epochs", 3)(project)
    value("scores.energy.temperature", 2.0)(project)
    code(f"{LIBRARY}/reports/clouds.py")(project)
    told = project.snakemake("--dry-run").stdout
    assert "1 training: recipes.closed_set.epochs 1 -> 3\n" in told
    assert "1 scoring: scores.energy.temperature 1.0 -> 2.0\n" in told
    assert f"2 cloud exports: {LIBRARY}/reports/clouds.py changed\n" in told


def test_other_table_reuses_what_it_shares(finished: Project) -> None:
    jobs = finished.would_run("--configfile", "experiments/rooms_four_unknown.yaml")
    assert jobs["train"] == 1
    assert "prepare" not in jobs


def test_second_run_does_nothing_and_says_so(finished: Project) -> None:
    done = finished.snakemake(*EVERYTHING)
    assert done.returncode == 0
    assert "Nothing to be done" in done.stdout
    assert "localrule" not in done.stdout
