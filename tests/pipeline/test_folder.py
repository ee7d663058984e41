"""One's own clouds from a folder to a table: whatever the files are named, and however few their points.

The longest names that a config may have go there with them.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.datasets.test_folder import write_npz, write_ply
from tests.pipeline.conftest import Project, make_tiny
from tests.pipeline.test_bad_input import told

from openworld3d.errors import printable

ROOT = "-mes $(touch owned) `touch owned`;touch owned\n'données' \"3D\" 点"
LONGEST = ("name_" * 10)[:48]
CORNER = np.array([1e7, -2e7, 50])
SCENES = {
    "2019": {"salle à manger.npz": 400, "un point.npz": 1},
    "v1.0": {"点 'deux'.ply": 400, "un point.npz": 1},
}


def make_folder(config: dict[str, Any]) -> None:
    """Make the tiny experiment one of clouds in a folder, whose class tree is unknown."""
    make_tiny(config)
    config["datasets"]["mine"] = {
        "layout": "folder",
        "root": ROOT,
        "label": "classification",
        "classes": {"ground": [2], "tree": [4, 5], "roof": [6]},
        "void": [1],
        "color_full": 255,
        "splits": {split: [f"{split}/*"] for split in SCENES},
    }
    of_mine = {"dataset": "mine", "unknown": ["tree"], "train": ["2019"], "evaluate": ["v1.0"]}
    config["protocols"][LONGEST] = {**config["protocols"]["sofa"], **of_mine}
    for section, name in (("backbones", "stratified_small"), ("recipes", "closed_set"), ("scores", "energy")):
        config[section][LONGEST] = config[section][name]
    config["tables"]["rooms"].update(
        protocols=[LONGEST], backbones=[LONGEST], methods={LONGEST: ["msp", LONGEST]}, seeds=[2**32 - 1]
    )


def write_clouds(root: Path) -> None:
    for split, scenes in SCENES.items():
        (root / split).mkdir(parents=True)
        for name, points in scenes.items():
            generator = np.random.default_rng([points, *map(ord, split)])
            coord = CORNER + generator.uniform(0, 4, (points, 3))
            color = generator.integers(0, 256, (points, 3))
            raw = np.tile([2, 5, 6, 1], 100)[:points]
            write = write_ply if name.endswith(".ply") else write_npz
            write(root / split / name, coord=coord, raw=raw, color=color)


@pytest.fixture
def clouds(checked: Project) -> Project:
    checked.edit_config(make_folder)
    write_clouds(checked.folder / ROOT)
    return checked


def test_names_of_any_letters_and_scenes_of_one_point_reach_the_table(clouds: Project) -> None:
    done = clouds.snakemake()
    assert done.returncode == 0, done.stdout
    manifest = json.loads(clouds.read("results/scenes/mine/v1.0/current/manifest.json"))
    assert {scene["name"]: scene["points"] for scene in manifest["scenes"]} == {
        "v1.0_un point": 1,
        "v1.0_点 'deux'": 400,
    }
    assert not list(clouds.folder.rglob("owned*"))
    assert [scene["shift"] for scene in manifest["scenes"]] == [[1e7 + 3, -2e7 + 1, 50], [1e7, -2e7, 50]]
    table = list(csv.DictReader(clouds.read("results/tables/rooms.csv").splitlines()))
    # A quarter of the 400 points is void.
    assert {(row["score"], row["points"]) for row in table} == {("msp", "301"), (LONGEST, "301")}


def test_two_files_of_one_name_are_a_sentence(clouds: Project) -> None:
    write_ply(clouds.folder / ROOT / "v1.0/un point.ply")
    done = clouds.snakemake("protocols")
    assert done.returncode != 0
    expected = f"{printable(ROOT)}: split v1.0 has scene v1.0_un point twice, expected each name once"
    assert [expected in line for line in told(done.stdout)] == [True]
    assert "Traceback" not in done.stdout
