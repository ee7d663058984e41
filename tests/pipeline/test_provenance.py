"""`snakemake provenance` after a run: every job behind a row, what it read, and what ran it."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from tests.pipeline.conftest import Project

RUN = "results/runs/sofa/stratified_small/closed_set/seed0"


def test_row_knows_every_job_behind_it(finished: Project) -> None:
    (document,) = finished.provenance("--config", "row=2")
    assert document["row"]["score"] == "energy"
    assert document["row"]["coverage"] == "single"
    jobs = {job["step"]: job for job in document["jobs"]}
    assert [job["step"] for job in document["jobs"]].count("prepare") == 2
    before_training = {"generate_rooms", "prepare", "check_protocol"}
    assert set(jobs) == {"measure", "score", "sample_training", "infer", "train", *before_training}
    (manifest,) = jobs["infer"]["outputs"]
    assert manifest == f"{RUN}/single/{jobs['infer']['key']}/outputs/1of1/manifest.json"
    assert (finished.folder / manifest).samefile(finished.folder / RUN / "current/single/outputs/1of1/manifest.json")
    assert jobs["train"]["config"]["seed"] == 0
    assert jobs["train"]["config"]["recipe"]["epochs"] == 1
    assert jobs["infer"]["config"]["coverage"] == "single"
    energy = {"kind": "energy", "neighbors": 1, "temperature": 1.0}
    assert jobs["score"]["config"] == {"score": energy, "bits": 16, "objects": None}
    of_protocol = {"unknown": ["sofa"], "taught": [], "beyond": [], "inliers": []}
    assert jobs["measure"]["config"] == {**of_protocol, "replicates": 1000}
    weights = (finished.folder / RUN / "current/weights.npz").read_bytes()
    trained = f"{RUN}/{jobs['train']['key']}/weights.npz"
    assert jobs["infer"]["inputs"][trained] == hashlib.sha256(weights).hexdigest()
    assert all(job["changed since"] == [] for job in document["jobs"])
    software = document["software"][jobs["train"]["software"]]
    for known in ("commit", "changed", "platform", "processor", "python", "packages", "driver"):
        assert known in software
    assert jobs["train"]["threads"] == "1"
    assert "torch 2.13.0" in software["packages"]
    assert any(key.startswith("raw files, results/scenes/rooms/") for key in jobs["prepare"])


def test_all_rows_where_none_is_named(finished: Project) -> None:
    assert [document["row"]["score"] for document in finished.provenance()] == ["msp", "energy"]


def test_result_that_no_longer_is_what_was_read_is_told(finished: Project, tmp_path: Path) -> None:
    project = Project.copy_of(finished, tmp_path / "copy")
    statistics = (project.folder / RUN / "current/single/msp/statistics/1of1.npz").resolve()
    statistics.write_bytes(statistics.read_bytes() + b"0")
    (document,) = project.provenance("--config", "row=1")
    (measure,) = [job for job in document["jobs"] if job["step"] == "measure"]
    assert measure["changed since"] == [str(statistics.relative_to(project.folder.resolve()))]


def test_papers_numbers_are_printed_before_anything_is_measured(finished: Project) -> None:
    done = finished.snakemake("published", "--configfile", "experiments/real_semantickitti.yaml")
    assert done.returncode == 0, done.stdout
    assert re.search(r"^\| real_semantickitti \| REAL, the authors' run \[.* \| not measured \|$", done.stdout, re.M)
    assert "- Nothing of table real_semantickitti has been measured with this config and code" in done.stdout


def test_row_that_was_not_made_is_a_sentence(finished: Project) -> None:
    done = finished.snakemake("provenance", "--configfile", "experiments/rooms_four_unknown.yaml")
    assert done.returncode != 0
    assert "/metrics.provenance.json: nothing says where it comes from; run snakemake to make this row" in done.stdout
    assert "Traceback" not in done.stdout
