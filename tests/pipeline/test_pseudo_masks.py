"""PDF's pseudo masks are made on request, for its runs alone, and again for no less than what they show."""

from __future__ import annotations

import json
from typing import Any, Callable

import pytest
from plyfile import PlyData
from tests.pipeline.conftest import KEY, Project, edited
from tests.pipeline.edits import code, value
from tests.pipeline.planned import planned
from tests.pipeline.test_reruns import LIBRARY, Jobs

from openworld3d.workflow.targets import selected_pseudo_masks

METHODS = {"closed_set": ["msp"], "pdf": ["unknown_logit"]}
MASKS = "results/runs/sofa/stratified_small/{}/seed{}/{}/pseudo_masks/manifest.json"
EXPORT: Jobs = {"export_pseudo_masks": 1}


def would_make(project: Project) -> Jobs:
    """Return the jobs that pseudo masks wait for."""
    return {job: count for job, count in project.would_run("pseudo_masks").items() if job != "pseudo_masks"}


@pytest.fixture(scope="module")
def masked(finished: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return the tiny pipeline after the pseudo masks of one run were asked for."""
    project = Project.copy_of(finished, tmp_path_factory.mktemp("masks") / "copy")
    value("tables.rooms.methods", METHODS)(project)
    assert would_make(project) == {"train": 1, **EXPORT}
    done = project.snakemake("pseudo_masks")
    assert done.returncode == 0, done.stdout
    return project


def test_masks_are_of_every_run_of_pdf_and_no_other(project: Project) -> None:
    def change(config: dict[str, Any]) -> None:
        config["recipes"]["textbook"] = {**config["recipes"]["pdf"], "region_boundary": "textbook"}
        methods = {**METHODS, "textbook": ["unknown_logit"]}
        config["tables"]["rooms"].update(methods=methods, seeds=[0, 1], protocols=["sofa", "four_unknown"])

    project.edit_config(change)
    assert would_make(project)["export_pseudo_masks"] == 8
    assert "export_pseudo_masks" not in project.would_run()
    one = project.planned(MASKS.format("textbook", 1, KEY), "pseudo_masks")
    assert project.would_run(one)["export_pseudo_masks"] == 1
    refused = project.snakemake("--dry-run", MASKS.format("closed_set", 0, "abcdefghijkl"))
    assert "MissingRuleException" in refused.stdout


def test_table_without_pdf_is_a_sentence(finished: Project) -> None:
    done = finished.snakemake("--dry-run", "pseudo_masks")
    assert done.returncode != 0
    assert "tables.rooms.methods has closed_set, expected a recipe of kind pdf, as no other has" in done.stdout
    assert "Traceback" not in done.stdout


def test_each_training_scene_can_be_looked_at(masked: Project) -> None:
    manifest = masked.folder / MASKS.format("pdf", 0, "current")
    told = json.loads(manifest.read_text())
    (scene,) = json.loads(masked.read("results/scenes/rooms/train/current/manifest.json"))["scenes"]
    assert [entry["name"] for entry in told["scenes"]] == [scene["name"]]
    assert sum(told["all"]["points"].values()) == scene["points"]
    vertex = PlyData.read(str(manifest.with_name(f"{scene['name']}.ply")))["vertex"]
    assert len(vertex["marked"]) == scene["points"]
    assert vertex["marked"].any()
    record = json.loads(manifest.parent.with_name("pseudo_masks.provenance.json").read_text())
    assert record["step"] == "export_pseudo_masks"
    assert f"{LIBRARY}/pseudo_labels/region.py" in record["code"]


EDITS: dict[str, tuple[Callable[[Project], None], Jobs]] = {
    "crop at inference": (value("backbones.stratified_small.inference_voxels", 5000), EXPORT),
    "metrics of the table": (value("tables.rooms.metrics", ["auroc"]), {}),
    "radius of a neighbourhood": (value("recipes.pdf.region_radius", 0.4), {"train": 1, **EXPORT}),
    "colours of the masks": (code(f"{LIBRARY}/pseudo_labels/masks.py"), EXPORT),
}


@pytest.mark.parametrize("name", EDITS)
def test_edit_reruns_exactly(masked: Project, name: str) -> None:
    edit, expected = EDITS[name]
    with edited(masked, edit):
        assert planned(masked.folder, selected_pseudo_masks) == expected
