"""A result that is damaged is made anew where something reads it, and nothing is made of what it holds."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Callable

import pytest
from tests.pipeline.conftest import Project, longer
from tests.pipeline.disturbed import (
    RUN,
    calls_until_well,
    contents,
    delete,
    flip,
    one,
    replace_by_text,
    truncate,
    zero,
)
from tests.pipeline.edits import value

# What a change reads that makes it be read: the file, and an edit.
INTERMEDIATE: dict[str, tuple[str, Callable[[Project], None]]] = {
    "training scene": ("results/scenes/rooms/train/*/scene0000_00.npz", longer),
    "weights": (f"{RUN}/*/weights.npz", value("tables.rooms.coverage", "fragments")),
    "outputs": (f"{RUN}/single/*/outputs/1of1/*.npz", value("scores.energy.temperature", 2.0)),
    "statistics": (f"{RUN}/single/msp/*/statistics/1of1.npz", value("evaluation.replicates", 50)),
}
# tests/commands/test_job.py damages every kind of input in every way; here one of each step, each in another.
HARM = dict(zip(INTERMEDIATE, (truncate, flip, zero, replace_by_text)))


@pytest.fixture(scope="module")
def undisturbed(finished: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return a pipeline on whose results nothing falls."""
    return Project.copy_of(finished, tmp_path_factory.mktemp("undisturbed") / "copy")


@pytest.mark.parametrize("name", INTERMEDIATE)
def test_damaged_input_is_a_sentence_and_made_anew(copy: Project, undisturbed: Project, name: str) -> None:
    pattern, edit = INTERMEDIATE[name]
    file = one(copy, pattern)
    HARM[name](file)
    edit(copy)
    done = copy.snakemake()
    assert done.returncode != 0
    assert f"error: {file.relative_to(copy.folder)}: is not " in done.stdout
    assert "Traceback" not in done.stdout
    calls_until_well(copy)
    undisturbed.write("config.yaml", copy.read("config.yaml"))
    assert undisturbed.snakemake().returncode == 0
    assert contents(copy) == contents(undisturbed)


@pytest.mark.parametrize("damage", [flip, delete])
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
        one(copy, pattern).unlink()
    assert copy.would_run() == {}
    assert "Nothing to be done" in copy.snakemake().stdout
    assert contents(copy) == contents(finished)
