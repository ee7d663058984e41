"""What CONTRIBUTING.md says of a new plug-in of each kind: these files, these lines, and nothing else."""

from __future__ import annotations

import csv
import filecmp
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from tests.pipeline.conftest import PARTS, ROOT, Project

LIBRARY = "workflow_scripts/openworld3d"
TOYS = {"score": "scores", "recipe": "recipes", "dataset": "datasets", "backbone": "backbones"}
TABLE = f"{LIBRARY}/metrics/table.py"
FUNCTION = '''
def prevalence(measures: Measures) -> np.ndarray:
    """Return the share of unknown points."""
    return measures.unknown_points / (measures.unknown_points + measures.known_points)

'''
ROW = '    Metric("toy", "share of unknown points", HIGHER, prevalence),\n'
CONFIG = """
table: toys
datasets:
  toys: {layout: toy, root: toys}
protocols:
  toys: {dataset: toys, unknown: [tree], unknown_points: ignore, train: [train], evaluate: [val]}
backbones:
  perceptron:
    {network: toy, width: 8, environment: cpu, grid_size: 0.1, appearance_range: [0, 1], inference_voxels: 1000,
     inference_pairs: 1}
scores:
  toy: {kind: toy}
tables:
  toys:
    protocols: [toys]
    backbones: [perceptron]
    coverage: single
    methods: {toy: [toy]}
    seeds: [0]
    metrics: [toy, auroc]
"""


def write_scans(root: Path) -> None:
    """Write a training scene of ground and boxes, and one with a tree to evaluate on."""
    generator = np.random.default_rng(0)
    for split, labels in (("train", [0, 1, 2]), ("val", [1, 2, 3, 3])):
        label = np.repeat(labels, 50)[:, None]
        points = np.concatenate([generator.uniform(0, 3, (len(label), 3)) + label, label], 1)
        (root / split).mkdir(parents=True)
        np.save(root / split / "yard.npy", points.astype(np.float32))


@pytest.fixture(scope="module")
def extended(finished: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return the pipeline with one more plug-in of each kind, after it has made a table of them."""
    project = Project.with_checks_of(finished, tmp_path_factory.mktemp("toys"))
    shutil.copytree(ROOT / "tests", project.folder / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", project.folder)
    for toy, kind in TOYS.items():
        shutil.copy(ROOT / f"tests/toys/{toy}.py", project.folder / f"{LIBRARY}/{kind}/toy.py")
    shutil.copy(ROOT / "tests/toys/check_score.py", project.folder / "tests/scores/test_toy.py")
    text = project.read(TABLE)
    text = re.sub(r"\nROWS: ", lambda found: f"{FUNCTION}{found[0]}", text)
    project.write(TABLE, re.sub(r"(\nROWS: .*\(\n)", lambda found: found[0] + ROW, text))
    project.edit_config(lambda config: merge(config, yaml.safe_load(CONFIG)))
    project.edit_config(add_recipe)
    write_scans(project.folder / "toys")
    done = project.snakemake()
    assert done.returncode == 0, done.stdout
    return project


def merge(config: dict[str, Any], more: dict[str, Any]) -> None:
    """Add entries to the sections of a config."""
    for key, value in more.items():
        if isinstance(value, dict):
            config[key].update(value)
        else:
            config[key] = value


def add_recipe(config: dict[str, Any]) -> None:
    """Add the recipe, with the training of the closed set."""
    recipe = {**config["recipes"]["closed_set"], "kind": "toy", "loss_weight": 2.0, "epochs": 1, "loop": 1}
    del recipe["keep_epochs"]
    config["recipes"]["toy"] = recipe


def test_table_has_the_new_method_and_metric(extended: Project) -> None:
    (row,) = csv.DictReader(extended.read("results/tables/toys.csv").splitlines())
    assert (row["dataset"], row["backbone"], row["method"]) == ("toys", "perceptron", "toy + toy")
    assert float(row["toy"]) == 0.5
    assert 0 <= float(row["auroc"]) <= 1
    assert "toy ↑: share of unknown points" in extended.read("results/tables/toys.md")


def test_nothing_else_was_touched(extended: Project) -> None:
    new = {file for file, is_new in touched(extended.folder) if is_new}
    changed = {file for file, is_new in touched(extended.folder) if not is_new}
    assert new == {*(f"{LIBRARY}/{kind}/toy.py" for kind in TOYS.values()), "tests/scores/test_toy.py"}
    assert changed == {"config.yaml", TABLE}
    lines = len(extended.read(TABLE).splitlines()) - len((ROOT / TABLE).read_text().splitlines())
    assert lines == len(FUNCTION.splitlines()) + len(ROW.splitlines())


def touched(folder: Path) -> list[tuple[str, bool]]:
    """Return the files that differ from the repository's, and whether they are new."""
    found = []
    for file in (path for part in (*PARTS, "tests") for path in [folder / part, *(folder / part).rglob("*")]):
        name = str(file.relative_to(folder))
        if file.is_file() and "__pycache__" not in name:
            is_new = not (ROOT / name).exists()
            if is_new or not filecmp.cmp(file, ROOT / name, shallow=False):
                found.append((name, is_new))
    return found


def test_what_holds_of_every_score_is_asked_of_the_new_one(extended: Project) -> None:
    tests = ["tests/scores/test_toy.py", "tests/scores/test_laws.py"]
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-k", "toy", "-rA", *tests]
    done = subprocess.run(command, cwd=extended.folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    assert len(re.findall(r"^PASSED tests/scores/test_laws.py", done.stdout, re.MULTILINE)) > 3
    assert "PASSED tests/scores/test_toy.py::test_by_hand" in done.stdout


@pytest.mark.parametrize(
    ("place", "value", "sentence"),
    [
        ("scores", {"factor": 0}, "scores.toy.factor is 0, expected a number above 0"),
        ("recipes", {"loss_weight": -1}, "recipes.toy.loss_weight is -1, expected a number above 0"),
    ],
)
def test_value_that_the_new_schema_excludes_is_a_sentence_at_planning(
    extended: Project, place: str, value: dict[str, Any], sentence: str
) -> None:
    before = extended.read("config.yaml")
    extended.edit_config(lambda config: config[place]["toy"].update(value))
    try:
        assert sentence in extended.snakemake("--dry-run").stdout
    finally:
        extended.write("config.yaml", before)
