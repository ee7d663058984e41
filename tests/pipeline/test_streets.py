"""Streets are generated, prepared and checked, and run again after what they depend on and nothing else."""

from __future__ import annotations

import json
from typing import Any, Callable

import pytest
import yaml
from tests.pipeline.conftest import Project
from tests.pipeline.edits import code
from tests.pipeline.test_reruns import LIBRARY, Jobs

EXPERIMENT = "experiments/streets.yaml"
TARGETS = ("scenes", "protocols", "--configfile", EXPERIMENT)
CHECK: Jobs = {"check_protocol": 1, "protocols": 1}
PREPARE: Jobs = {"prepare": 2, "scenes": 1, **CHECK}
GENERATE: Jobs = {"generate_streets": 1, **PREPARE}


def edit(change: Callable[[dict[str, Any]], object]) -> Callable[[Project], None]:
    """Change the dataset and the protocol of the experiment."""

    def edited(project: Project) -> None:
        config = yaml.safe_load(project.read(EXPERIMENT))
        change(config)
        project.write(EXPERIMENT, yaml.safe_dump(config, sort_keys=False))

    return edited


def make_tiny(config: dict[str, Any]) -> None:
    """Shrink the experiment to two streets of one scan."""
    config["datasets"]["streets"]["generate"].update(sequences=2, scans=1)
    config["protocols"]["streets_other_vehicle"].update(train=["00"], evaluate=["01"])


@pytest.fixture(scope="module")
def streets(finished: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return a pipeline whose streets are prepared and checked."""
    project = Project.with_checks_of(finished, tmp_path_factory.mktemp("streets"))
    edit(make_tiny)(project)
    done = project.snakemake(*TARGETS)
    assert done.returncode == 0, done.stdout
    return project


def test_streets_are_prepared_and_can_evaluate_the_protocol(streets: Project) -> None:
    for split in ("00", "01"):
        manifest = json.loads(streets.read(f"results/scenes/streets/{split}/current/manifest.json"))
        assert [scene["name"] for scene in manifest["scenes"]] == [f"{split}_000000"]
        assert 60_000 < manifest["scenes"][0]["points"] < 130_000
    (check,) = streets.folder.glob("results/protocols/*.json")
    assert json.loads(check.read_text())["evaluate_points"]["other-vehicle"] > 200
    assert not list(streets.folder.glob("logs/generate_rooms/*"))


CASES: dict[str, tuple[Callable[[Project], None], Jobs]] = {
    "seed of the streets": (edit(lambda config: config["datasets"]["streets"]["generate"].update(seed=1)), GENERATE),
    "shape of a bus": (code(f"{LIBRARY}/generators/streets/other_vehicles.py"), GENERATE),
    "rays": (code(f"{LIBRARY}/generators/streets/intersection.py"), GENERATE),
    "command that generates": (code("workflow_scripts/generate_streets.py"), GENERATE),
    "reader of SemanticKITTI": (code(f"{LIBRARY}/datasets/semantickitti.py"), PREPARE),
    "shape of a chair": (code(f"{LIBRARY}/generators/rooms/seating.py"), {}),
    "unknown class": (
        edit(lambda config: config["protocols"]["streets_other_vehicle"].update(unknown=["truck"])),
        CHECK,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_edit_reruns_exactly(streets: Project, name: str) -> None:
    change, expected = CASES[name]
    files = [*streets.folder.glob("workflow_scripts/**/*.py"), streets.folder / EXPERIMENT]
    before = {file: file.read_text() for file in files}
    change(streets)
    try:
        assert streets.would_run(*TARGETS) == expected
    finally:
        for file, text in before.items():
            if file.read_text() != text:
                file.write_text(text)


def test_a_split_that_no_street_has_is_a_sentence(streets: Project, tmp_path_factory: pytest.TempPathFactory) -> None:
    project = Project.copy_of(streets, tmp_path_factory.mktemp("copy") / "project")
    edit(lambda config: config["protocols"]["streets_other_vehicle"].update(evaluate=["02"]))(project)
    done = project.snakemake(*TARGETS)
    assert done.returncode != 0
    (log,) = project.folder.glob("logs/prepare/streets.02.*.log")
    assert "sequences/02/velodyne: does not exist, though split 02 needs it" in log.read_text()
