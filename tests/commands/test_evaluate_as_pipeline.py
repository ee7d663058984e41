"""`openworld3d evaluate` prints what the commands of the pipeline's rules make, to the digit."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.commands.conftest import Command
from tests.commands.devkit import SEQUENCES, write_small

from openworld3d.commands.evaluate import evaluate
from openworld3d.commands.registry import RECIPE, SCORE, config_of, named_protocol
from openworld3d.files import canonical_json
from openworld3d.workflow import rows, slices

PROTOCOL, LAYOUT = "stu_val", "stu"


def through_the_pipeline(command: Command, folder: Path, config: dict[str, Any]) -> Path:
    """Run the command of each rule on the scans and scores in a folder; return the folder of the table."""
    prepared = [folder / "pipeline" / split / "manifest.json" for split in SEQUENCES]
    labels = [folder / "pipeline" / split / "labels/manifest.json" for split in SEQUENCES]
    for split, scenes, labelled in zip(SEQUENCES, prepared, labels):
        of_split = canonical_json(slices.prepare_slice(config, LAYOUT, split))
        command("prepare", "--config", of_split, "--raw", folder / "labels", "--code", "0", "--out", scenes)
        labelling = canonical_json(slices.labelling_slice(config, PROTOCOL))
        command("label_evaluation", "--config", labelling, "--scenes", scenes, "--out", labelled)
    outputs, scores = folder / "pipeline/outputs/manifest.json", folder / "pipeline/scores/manifest.json"
    statistics, metrics = folder / "pipeline/1of1.npz", folder / "pipeline/metrics.json"
    saved, read = canonical_json(slices.saved_slice(config, PROTOCOL)), ["--scenes", *prepared]
    where = ["--saved", folder / "scores", *read, "--shard", "1of1", "--out", outputs]
    command("import_outputs", "--config", saved, *where)
    scored = canonical_json(slices.score_slice(config, PROTOCOL, SCORE))
    read = ["--outputs", outputs, *read, "--labels", *labels]
    command("score", "--config", scored, "--sample", *read, "--out", scores, "--statistics", statistics)
    measured = canonical_json(slices.measure_slice(config, PROTOCOL, RECIPE))
    read = ["--statistics", statistics, "--before", "--scores", scores, *read]
    replicates = ["--replicates", folder / "pipeline/replicates.npz"]
    command("measure", "--config", measured, *read, "--out", metrics, *replicates)
    printed = canonical_json(rows.printed_slice(config, PROTOCOL))
    kinds = ("csv", "markdown", "tex", "differences", "summary", "summary-markdown", "summary-tex")
    made = [argument for kind in kinds for argument in (f"--{kind}", folder / f"pipeline/table.{kind}")]
    command("make_table", "--config", printed, "--metrics", metrics, *replicates, *made)
    return folder / "pipeline"


def predict_instances(folder: Path) -> None:
    """Put the scores of each scan into a folder of its own, with the objects that a network would predict."""
    for file in sorted(folder.glob("*/*.txt")):
        scene = folder / f"scenes/{file.parent.name}_{file.stem}"
        scene.mkdir(parents=True)
        np.save(scene / "score.npy", np.loadtxt(file))
        np.save(
            scene / "instance.npy", np.repeat([7, 0, 2, 0], [25, 10, 15, 350])
        )  # the first finds most of 30 or 12
        shutil.rmtree(file.parent) if len(list(file.parent.iterdir())) == 1 else file.unlink()


@pytest.mark.parametrize("with_instances", [False, True])
def test_table_and_intervals_are_those_of_the_pipeline(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, with_instances: bool
) -> None:
    write_small(tmp_path)
    if with_instances:
        predict_instances(tmp_path / "scores")
    config = config_of(named_protocol(PROTOCOL), tmp_path / "scores", set(SEQUENCES))
    made = through_the_pipeline(command, tmp_path, config)
    monkeypatch.chdir(tmp_path)
    printed = evaluate(PROTOCOL, tmp_path / "labels", tmp_path / "scores")
    assert printed.startswith((made / "table.markdown").read_text())
    (row,) = csv.DictReader((made / "table.csv").read_text().splitlines())
    lines = [line.strip("| ").split(" | ") for line in printed.splitlines()]
    metrics = config["tables"][PROTOCOL]["metrics"]
    assert [line for line in lines if line[0] in metrics and len(line) == 4] == [
        [name, row[name], row[f"{name}_low"], row[f"{name}_high"]] for name in metrics
    ]
    found = json.loads((made / "metrics.json").read_text())
    assert found["unknown_points"] == 42
    assert found["object_threshold"] == (None if with_instances else 0.5)
    if with_instances:  # 25 of 30 points are a match, 12 of 25 are none
        assert (found["object_tp"], found["object_fp"], found["object_fn"]) == (1, 3, 1)
        assert found["object_sq"] == pytest.approx(25 / 30)
