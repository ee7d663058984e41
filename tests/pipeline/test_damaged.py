"""A result that is damaged is made anew where something reads it, and nothing is made of what it holds."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Callable

import pytest
from tests.pipeline.conftest import Project
from tests.pipeline.disturbed import DAMAGES, RUN, calls_until_well, contents, delete, longer, one
from tests.pipeline.test_reruns import value

# What a change reads that makes it be read: the file, and an edit.
INTERMEDIATE: dict[str, tuple[str, Callable[[Project], None]]] = {
    "training scene": ("results/scenes/rooms/train/*/scene0000_00.npz", longer),
    "evaluation scene": ("results/scenes/rooms/val/*/scene5000_00.npz", value("evaluation.bits", 12)),
    "weights": (f"{RUN}/*/weights.npz", value("tables.rooms.coverage", "fragments")),
    "sample": (f"{RUN}/*/sample.npz", value("scores.energy.temperature", 2.0)),
    "outputs": (f"{RUN}/single/*/outputs/1of1/*.npz", value("scores.energy.temperature", 2.0)),
    "scores": (f"{RUN}/single/msp/*/scores/1of1/*.npz", value("evaluation.replicates", 50)),
    "statistics": (f"{RUN}/single/msp/*/statistics/1of1.npz", value("evaluation.replicates", 50)),
    "replicates": (f"{RUN}/single/msp/*/replicates.npz", value("tables.rooms.metrics", ["auroc"])),
    "metrics": (f"{RUN}/single/msp/*/metrics.json", value("tables.rooms.metrics", ["auroc"])),
    "manifest": ("results/scenes/rooms/train/*/manifest.json", longer),
}


NAMED = ("weights", "sample", "statistics", "manifest")


@pytest.fixture(scope="module")
def undisturbed(finished: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return a pipeline on whose results nothing falls."""
    return Project.copy_of(finished, tmp_path_factory.mktemp("undisturbed") / "copy")


@pytest.mark.parametrize(("name", "number"), [(name, number) for number, name in enumerate(INTERMEDIATE)])
def test_damaged_input_is_a_sentence_and_made_anew(
    copy: Project, undisturbed: Project, name: str, number: int
) -> None:
    pattern, edit = INTERMEDIATE[name]
    file, damage = one(copy, pattern), DAMAGES[number % len(DAMAGES)]
    damage(file)
    edit(copy)
    # What is asked for itself is missed before anything runs, and so is what a rule names and is not there.
    if name not in ("metrics",) and not (damage is delete and name in NAMED):
        done = copy.snakemake()
        assert done.returncode != 0
        assert f"error: {file.relative_to(copy.folder)}: is not " in done.stdout
        assert "Traceback" not in done.stdout
    calls_until_well(copy)
    undisturbed.write("config.yaml", copy.read("config.yaml"))
    assert undisturbed.snakemake().returncode == 0
    assert contents(copy) == contents(undisturbed)


@pytest.mark.parametrize("damage", DAMAGES)
def test_what_people_open_is_made_anew_where_it_is_damaged(
    copy: Project, finished: Project, damage: Callable[[Path], None]
) -> None:
    for pattern in ("metrics.json", "clouds/colours.json", "clouds/scene5000_00.ply"):
        damage(one(copy, f"{RUN}/single/energy/*/{pattern}"))
    damage(one(copy, "results/tables/rooms/*/rooms.csv"))
    for link in (copy.folder / RUN / "current", copy.folder / "results/tables/rooms.md"):
        shutil.rmtree(link) if link.is_dir() else link.unlink()
    assert calls_until_well(copy) == 1
    assert contents(copy) == contents(finished)


def test_what_nothing_reads_is_not_missed(copy: Project, finished: Project) -> None:
    for pattern, _ in INTERMEDIATE.values():
        if "metrics" not in pattern:
            one(copy, pattern).unlink()
    assert copy.would_run() == {}
    assert "Nothing to be done" in copy.snakemake().stdout
    assert contents(copy) == contents(finished)
