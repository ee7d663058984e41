"""Somebody else's outputs and scores go to the table: no network, no training, no torch."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable

import numpy as np
import pytest
from tests.pipeline.conftest import Project, edited
from tests.pipeline.edits import code, value
from tests.pipeline.planned import planned
from tests.pipeline.test_reruns import LIBRARY, TABLE, Jobs

METHODS = {"theirs": ["msp", "knn"], "their_scores": ["saved_score"]}
CHAIN = ("score", "export_clouds", "measure")
OF_OUTPUTS: Jobs = {"import_outputs": 1, **dict.fromkeys(CHAIN, 2), **TABLE}
OF_SAMPLE_ALONE: Jobs = {"import_sample": 1, **dict.fromkeys(CHAIN, 2), **TABLE}
OF_SAMPLE: Jobs = {**OF_SAMPLE_ALONE, "import_outputs": 1}
OF_SCORES: Jobs = {"import_outputs": 1, **dict.fromkeys(CHAIN, 1), **TABLE}


def bring(config: dict[str, Any]) -> None:
    """Let the table have what somebody else saved."""
    config["recipes"]["theirs"] = {"kind": "saved_outputs", "folder": "theirs/outputs"}
    config["recipes"]["their_scores"] = {"kind": "saved_outputs", "folder": "theirs/scores"}
    config["tables"]["rooms"]["methods"] = METHODS


def save(project: Project) -> None:
    """Save logits that tell the sofa's points by none being large, and scores that tell them apart.

    The features are the logits, the last layer the identity. The training sample is of the evaluated points.
    """
    classes = json.loads(project.read("results/scenes/rooms/val/current/manifest.json"))["classes"]
    theirs, known = project.folder / "theirs", [name for name in classes if name != "sofa"]
    (file,) = project.folder.glob("results/scenes/rooms/val/current/*.npz")
    with np.load(file) as scene:
        column = np.array([known.index(name) if name in known else -1 for name in (*classes, "void")])
        column = column[np.minimum(scene["label"], len(classes))]
        sofa = scene["label"] == classes.index("sofa")
    logits = np.random.default_rng(0).normal(0, 0.1, (len(column), len(known)))
    logits[column >= 0, column[column >= 0]] += 9
    saved = {f"outputs/scenes/{file.stem}/{name}": logits for name in ("logits", "features")}
    saved.update({f"outputs/train_sample/{name}": logits[column >= 0] for name in ("logits", "features")})
    saved["outputs/train_sample/label"] = column[column >= 0]
    saved[f"scores/{file.stem}"] = sofa.astype(np.float16)
    for name, array in saved.items():
        (theirs / name).parent.mkdir(parents=True, exist_ok=True)
        np.save(theirs / f"{name}.npy", array)
    np.savez(theirs / "outputs/classifier.npz", weight=np.eye(len(known)), bias=np.zeros(len(known)))
    (theirs / "outputs/meta.json").write_text(json.dumps({"classes": known, "kind": "logits"}))


class WithoutTorch(Project):
    """A checkout whose jobs cannot import torch."""

    def variables(self) -> dict[str, str]:
        hidden = self.folder / "hidden"
        hidden.mkdir(exist_ok=True)
        (hidden / "torch.py").write_text("raise ImportError('there is no torch')\n")
        return {**super().variables(), "PYTHONPATH": str(hidden), "OPENWORLD3D_COLD": "1"}


@pytest.fixture(scope="module")
def brought(tmp_path_factory: pytest.TempPathFactory, finished: Project) -> Project:
    """Return a pipeline that has evaluated saved outputs, on scenes that are prepared and nothing else."""
    project = WithoutTorch.with_checks_of(finished, tmp_path_factory.mktemp("saved"))
    project.write("config.yaml", finished.read("config.yaml"))
    done = project.snakemake("scenes")
    assert done.returncode == 0, done.stdout
    save(project)
    project.edit_config(bring)
    wanted = project.would_run()
    assert {"train", "infer", "sample_training"} & set(wanted) == set()
    assert (wanted["import_outputs"], wanted["import_sample"]) == (2, 1)
    done = project.snakemake()
    assert done.returncode == 0, done.stdout
    return project


def test_table_has_their_rows(brought: Project) -> None:
    rows = list(csv.DictReader(io.StringIO(brought.read("results/tables/rooms.csv"))))
    assert [row["method"] for row in rows] == ["theirs + msp", "theirs + knn", "their_scores + saved_score"]
    for row in rows:
        assert float(row["auroc"]) == 1
        assert (row["backbone"], row["coverage"], row["seed"]) == ("n/a", "n/a", "n/a")
    assert [float(row["miou_known"]) > 0.5 for row in rows[:2]] == [True, True]
    assert (rows[2]["miou_known"], rows[2]["miou_all"]) == ("n/a", "n/a")
    assert "Nothing to be done" in brought.snakemake().stdout


def test_torch_was_out_of_reach(brought: Project) -> None:
    """The test above would mean nothing if jobs could have imported torch."""
    command = [sys.executable, "-c", "import torch"]
    done = subprocess.run(command, env=brought.variables(), capture_output=True, text=True)
    assert "there is no torch" in done.stderr


def changed(pattern: str) -> Callable[[Project], None]:
    """Change some arrays of what somebody else saved."""

    def edit(project: Project) -> None:
        for file in project.folder.glob(f"theirs/{pattern}.npy"):
            np.save(file, np.load(file) * 2)

    return edit


def replaced_by_older(project: Project) -> None:
    """Replace what somebody else saved by files of the same sizes that are older than any result."""
    for file in project.folder.glob("theirs/outputs/scenes/*/logits.npy"):
        changed_file = file.with_suffix(".other")
        changed_file.write_bytes(file.read_bytes()[:-1] + b"\x40")
        os.utime(changed_file, (0, 0))
        changed_file.rename(file)


def touched(project: Project) -> None:
    for file in project.folder.rglob("theirs/**/*.np*"):
        file.touch()


def more_shards_and_fewer_bits(project: Project) -> None:
    value("datasets.rooms.shards", 3)(project)
    value("evaluation.bits", 12)(project)


EDITS: dict[str, tuple[Callable[[Project], None], Jobs]] = {
    "their logits": (changed("outputs/scenes/*/logits"), OF_OUTPUTS),
    "their training sample": (changed("outputs/train_sample/logits"), OF_SAMPLE),
    "their scores": (changed("scores/*"), OF_SCORES),
    "their logits, replaced by older files": (replaced_by_older, OF_OUTPUTS),
    "no more than the times of what they saved": (touched, {}),
    "command that takes them": (
        code("workflow_scripts/import_outputs.py"),
        {"import_outputs": 2, **dict.fromkeys(CHAIN, 3), **TABLE},
    ),
    "command that takes their training sample": (code("workflow_scripts/import_sample.py"), OF_SAMPLE_ALONE),
    "precision in which outputs of networks are stored": (value("evaluation.stored_precision", "float16"), {}),
    "shards": (value("datasets.rooms.shards", 3), {}),
    "shards, and what is asked of each": (
        more_shards_and_fewer_bits,
        {"import_outputs": 6, "score": 9, "measure": 3, "export_clouds": 3, **TABLE},
    ),
    "a network's library": (code(f"{LIBRARY}/inference/model.py"), {}),
    "a score of logits added": (
        value("tables.rooms.methods.theirs", ["msp", "knn", "gen"]),
        {**dict.fromkeys(CHAIN, 1), **TABLE},
    ),
}


@pytest.mark.parametrize("name", EDITS)
def test_edit_reruns_exactly(brought: Project, name: str) -> None:
    edit, expected = EDITS[name]
    with edited(brought, edit):
        assert planned(brought.folder) == expected


def test_array_that_does_not_fit_is_a_sentence(brought: Project, tmp_path: Path) -> None:
    project = Project.copy_of(brought, tmp_path / "copy")
    (file,) = project.folder.glob("theirs/outputs/scenes/*/logits.npy")
    np.save(file, np.load(file)[1:])
    done = project.snakemake()
    assert done.returncode != 0
    assert f"error: {file.relative_to(project.folder)}: holds float64" in done.stdout
    assert "Traceback" not in done.stdout
