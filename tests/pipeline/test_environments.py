"""An environment that is not sound stops its own jobs, before they start, and no others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.pipeline.conftest import EVERYTHING, KEY, Project


def with_a_backbone_for_a_card(config: dict[str, Any]) -> None:
    """Add a backbone whose environment cannot be sound here, and train the other one again."""
    small = config["backbones"]["stratified_small"]
    config["backbones"]["on_a_card"] = {**small, "environment": "stratified_transformer"}
    config["tables"]["rooms"]["backbones"] = ["on_a_card", "stratified_small"]
    config["recipes"]["closed_set"]["learning_rate"] = 0.005


def test_unsound_environment_stops_its_own_jobs_alone(finished: Project, tmp_path: Path) -> None:
    project = Project.copy_of(finished, tmp_path / "copy")
    project.edit_config(with_a_backbone_for_a_card)
    runs = project.folder / "results/runs/sofa"
    run = runs / "stratified_small/closed_set/seed0"
    before = (run / "current/weights.npz").resolve()
    shown = project.read("results/tables/rooms.csv")
    done = project.snakemake()

    assert done.returncode != 0
    assert "error: environment stratified_transformer: E4: torch " in done.stdout
    assert "Traceback" not in done.stdout
    assert "**Not sound" in project.read("results/environments/stratified_transformer.md")
    assert not list(project.folder.glob("results/environments/stratified_transformer/**/*.json"))
    assert not (runs / "on_a_card").exists()
    assert {before} < set(run.glob(f"{KEY}/weights.npz"))
    for score in ("msp", "energy"):
        assert len(list(run.glob(f"single/{score}/{KEY}/metrics.json"))) == 2
    assert (run / "current/weights.npz").resolve() == before
    assert project.read("results/tables/rooms.csv") == shown
    assert "**Sound" in project.read("results/environments/cpu.md")


def test_environment_that_was_sound_is_asked_again_until_it_is(finished: Project, tmp_path: Path) -> None:
    """Nothing runs in the meantime, though it was sound when its jobs last ran."""
    project = Project.copy_of(finished, tmp_path / "copy")
    project.edit_config(lambda config: config["recipes"]["closed_set"].update(learning_rate=0.005))
    check = "workflow_scripts/check_environment.py"
    sound = project.read(check)
    project.write(check, sound + "\nraise SystemExit('not today')\n")
    for _ in range(2):
        done = project.snakemake(*EVERYTHING)
        assert done.returncode != 0
        assert "localrule train" not in done.stdout
    project.write(check, sound + "\nMENDED = True\n")
    assert project.would_run()["check_environment"] == 2
    done = project.snakemake(*EVERYTHING)
    assert done.returncode == 0, done.stdout
    assert "localrule train" in done.stdout


def test_late_setting_in_a_recipe_is_a_sentence(project: Project) -> None:
    file = "workflow_scripts/openworld3d/recipes/closed_set.py"
    project.write(file, project.read(file) + '\nimport os\n\nos.environ["CUDA_VISIBLE_DEVICES"] = "1"\n')
    done = project.snakemake()
    assert done.returncode != 0
    assert "closed_set.py, line " in done.stdout
    assert "has no effect; set it before Python starts" in done.stdout
    assert not (project.folder / "results").exists()
