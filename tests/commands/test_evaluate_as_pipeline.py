"""`openworld3d evaluate` prints what the commands of the pipeline's rules make, to the digit."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

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


def test_table_and_intervals_are_those_of_the_pipeline(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_small(tmp_path)
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
    assert json.loads((made / "metrics.json").read_text())["unknown_points"] == 42
