"""What the report and the figures of a table are made from, and the slices of the config that they see."""

from __future__ import annotations

from typing import Any, Dict

from openworld3d.workflow import protocols, slices
from openworld3d.workflow.inputs import (
    EVALUATION_SCENES,
    Input,
    Made,
    Wildcards,
    all_outputs,
    checks_of_table,
    evaluation_labels,
    of_all_shards,
    of_rows,
)
from openworld3d.workflow.rows import printed_slice, rows_of_table, runs_of_table, table_slice

Config = Dict[str, Any]


def report_slice(config: Config, table: str) -> dict[str, Any]:
    """Return what `make_report` sees: what `make_table` does, the protocols, and which trainings there are."""
    return {
        **printed_slice(config, table),
        "protocols": {name: said_of(config, name) for name in config["tables"][table]["protocols"]},
        "taught": [slices.novel_classes(config, row["recipe"]) for row in rows_of_table(config, table)],
        "trainings": trainings_of_table(config, table),
    }


def said_of(config: Config, protocol: str) -> dict[str, Any]:
    """Return what a report says of a protocol."""
    chosen, splits = config["protocols"][protocol], {}
    for role in ("train", "evaluate"):
        found = protocols.splits_of(config, protocol, role)
        splits[role] = None if found is None else {"dataset": found.dataset, "splits": sorted(found.splits)}
    dataset = config["datasets"][protocols.evaluated(config, protocol).dataset]
    return {
        **splits,
        "unknown": protocols.unknown(config, protocol),
        "unknown_points": chosen.get("unknown_points"),
        "named": chosen.get("named"),
        "generated": "generate" in dataset,
        "relabelled": protocols.relabels(config, protocol),
    }


def figures_slice(config: Config, table: str) -> dict[str, Any]:
    """Return what `draw_figures` sees: what `make_report` does of rows and scenes."""
    seen, used = report_slice(config, table), ("evaluate", "unknown", "relabelled")
    of_protocols = {name: {key: said[key] for key in used} for name, said in seen["protocols"].items()}
    return {**table_slice(config, table), "taught": seen["taught"], "protocols": of_protocols}


def trainings_of_table(config: Config, table: str) -> list[dict[str, Any]]:
    """Return the trainings whose networks the runs of a table use, each once."""
    found = []
    for run in runs_of_table(config, table):
        recipe, seeds = slices.network_of(config, run["recipe"]), [run["seed"]]
        if "members" in config["recipes"][run["recipe"]]:
            seeds = slices.members_of(config, run["recipe"], run["seed"])
        if slices.begins_with(config, recipe) == "train":
            found += [{**run, "recipe": recipe, "seed": seed} for seed in seeds]
    return [training for number, training in enumerate(found) if training not in found[:number]]


def histories(config: Config, wildcards: Wildcards) -> list[Made]:
    """Return the history of each training whose network a table uses."""
    return [Made("train", "history", run) for run in trainings_of_table(config, wildcards["table"])]


def of_each_row(function: Input) -> Input:
    """Return an input: what a function gives for each row of a table, in the order of the rows."""

    def made(config: Config, wildcards: Wildcards) -> list[Made]:
        return [made for row in rows_of_table(config, wildcards["table"]) for made in function(config, row)]

    return made


def of_each_protocol(function: Input) -> Input:
    """Return an input: what a function gives for each protocol of a table, in the order of the protocols."""

    def made(config: Config, wildcards: Wildcards) -> list[Made]:
        names = config["tables"][wildcards["table"]]["protocols"]
        return [made for name in names for made in function(config, {"protocol": name})]

    return made


INPUTS: dict[str, Input] = {
    "metrics": of_rows("measure"),
    "replicates": of_rows("measure", "replicates"),
    "statistics": of_each_row(of_all_shards("score", "statistics")),
    "scores": of_each_row(of_all_shards("score")),
    "outputs": of_each_row(all_outputs),
    "scenes": of_each_protocol(EVALUATION_SCENES),
    "labels": of_each_protocol(evaluation_labels),
    "histories": histories,
    "checks": checks_of_table,
}
FIGURE_INPUTS = {name: made for name, made in INPUTS.items() if name not in ("histories", "checks")}
