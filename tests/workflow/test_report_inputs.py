"""What the report of a table is made from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.configs import read

from openworld3d.workflow.report_inputs import INPUTS, report_slice, trainings_of_table
from openworld3d.workflow.rows import rows_of_table
from openworld3d.workflow.steps import STEPS

ROOT = Path(__file__).resolve().parents[2]
OF_TABLE = {"table": "rooms"}


@pytest.fixture
def config() -> dict[str, Any]:
    """Return the default config with two networks, one of them an ensemble of three, in two shards."""
    config = read()
    config["recipes"]["ensemble"] = {"kind": "ensemble", "network_of": "closed_set", "members": 3}
    config["tables"]["rooms"]["methods"] = {"closed_set": ["msp", "knn"], "ensemble": ["entropy"]}
    config["datasets"]["rooms"]["shards"] = 2
    return config


def test_files_come_row_by_row_and_shard_by_shard(config: dict[str, Any]) -> None:
    rows = rows_of_table(config, "rooms")
    made = {name: function(config, OF_TABLE) for name, function in INPUTS.items()}
    for name in ("statistics", "scores"):
        found = [(one.wildcards["score"], one.wildcards["shard"]) for one in made[name]]
        assert found == [(row["score"], shard) for row in rows for shard in ("1of2", "2of2")]
    assert [one.wildcards["shard"] for one in made["outputs"]] == ["1of2", "2of2"] * len(rows)
    assert len(made["metrics"]) == len(made["replicates"]) == len(rows)
    assert len(made["scenes"]) == len(made["checks"]) == 1
    assert made["labels"] == []


def test_members_of_an_ensemble_are_trainings_once(config: dict[str, Any]) -> None:
    trainings = trainings_of_table(config, "rooms")
    assert {training["recipe"] for training in trainings} == {"closed_set"}
    seeds = [training["seed"] for training in trainings]
    assert len(seeds) == len(set(seeds)) >= 3
    assert [made.wildcards for made in INPUTS["histories"](config, OF_TABLE)] == trainings


def test_slice_says_what_a_protocol_is_and_not_in_how_many_shards(config: dict[str, Any]) -> None:
    found = report_slice(config, "rooms")
    assert found["protocols"]["sofa"] == {
        "train": {"dataset": "rooms", "splits": ["train"]},
        "evaluate": {"dataset": "rooms", "splits": ["val"]},
        "unknown": ["sofa"],
        "unknown_points": "ignore",
        "named": None,
        "generated": True,
        "relabelled": False,
    }
    del config["datasets"]["rooms"]["shards"]
    assert report_slice(config, "rooms") == found


def test_captions_of_snakemakes_report_are_those_of_outputs() -> None:
    captions = {path.stem for path in (ROOT / "report").glob("*.rst")} - {"workflow"}
    assert captions <= {f"{step}.{name}" for step, kind in STEPS.items() for name in kind.outputs}
    rules = (ROOT / "rules/common.smk").read_text()
    assert captions == {
        f"{step}.{name}" for step, kind in STEPS.items() for name in kind.outputs if f'("{step}", "{name}")' in rules
    }
