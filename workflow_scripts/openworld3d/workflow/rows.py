"""The rows of a table, and the slices of the config that the jobs which show them see."""

from __future__ import annotations

from itertools import product
from typing import Any, Dict

from openworld3d.plugins import declared
from openworld3d.published.beside import Asked, beside
from openworld3d.published.comparison import compared
from openworld3d.workflow.protocols import conventions, counting, evaluated
from openworld3d.workflow.slices import begins_with, is_for, network_of, novel_classes

Config = Dict[str, Any]
Slice = Dict[str, Any]

METHOD = "{recipe} + {score}"
NOT_OURS = "n/a"


def runs_of_table(config: Config, table: str) -> list[dict[str, Any]]:
    """Return protocol, backbone, recipe and seed of every run of a table, in the order of the config."""
    keys = ("protocol", "backbone", "recipe", "seed")
    chosen = config["tables"][table]
    lists = [chosen["protocols"], chosen["backbones"], chosen["methods"], chosen["seeds"]]
    runs = [dict(zip(keys, values)) for values in product(*lists)]
    return [run for run in runs if is_for(config, run["recipe"], run["backbone"])]


def rows_of_table(config: Config, table: str) -> list[dict[str, Any]]:
    """Return the identity of every row of a table: a run, its coverage, and a score of its outputs."""
    return [
        {
            **run,
            "dataset": evaluated(config, run["protocol"]).dataset,
            "coverage": config["tables"][table]["coverage"],
            "score": score,
            "method": METHOD.format(recipe=run["recipe"], score=score),
        }
        for run in runs_of_table(config, table)
        for score in config["tables"][table]["methods"][run["recipe"]]
    ]


def table_slice(config: Config, table: str) -> Slice:
    """Return which rows and columns a table has."""
    return {
        "table": table,
        "metrics": config["tables"][table]["metrics"],
        "conventions": {name: conventions(config, name) for name in config["tables"][table]["protocols"]},
        "counting": {name: counting(config, name) for name in config["tables"][table]["protocols"]},
        "rows": [identity_of(config, row) for row in rows_of_table(config, table)],
    }


def printed_slice(config: Config, table: str) -> Slice:
    """Return what `make_table` sees: what was measured, and what was published under the same protocols."""
    return {**table_slice(config, table), "published": beside(asked_of_papers(config, table))}


def asked_of_papers(config: Config, table: str) -> Asked:
    """Return what decides which published rows are shown with a table.

    Scenes that are generated in a dataset's layout are not that dataset's.
    """
    chosen = config["tables"][table]
    return Asked(
        protocols={name: config["protocols"][name] for name in chosen["protocols"]},
        layouts={
            name: f"generated {dataset['layout']}" if "generate" in dataset else dataset["layout"]
            for name, dataset in config["datasets"].items()
        },
        metrics=chosen["metrics"],
        taught=[novel_classes(config, recipe) for recipe in chosen["methods"]],
    )


def compared_with_papers(config: Config, table: str) -> list[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """Return the published rows that a table is held against, each with the rows of the table that measure it.

    A row measures it if it has its method, protocol and network, a seed each.
    """
    listed = rows_of_table(config, table)
    published = compared(asked_of_papers(config, table), {row["method"] for row in listed})
    return [
        (
            theirs,
            [
                row
                for row in listed
                if (row["method"], row["protocol"]) == (theirs["ours"], theirs["protocol"])
                and config["backbones"][row["backbone"]]["network"] == theirs["network"]
            ],
        )
        for theirs in published
    ]


def identity_of(config: Config, row: dict[str, Any]) -> dict[str, Any]:
    """Return a row's identity as the table has it, and whether its recipe is trained on the unknown classes.

    What somebody else saved has no backbone, coverage or seed.
    """
    if begins_with(config, row["recipe"]) == "import_outputs":
        return {**row, **dict.fromkeys(("backbone", "coverage", "seed"), NOT_OURS), "trains_on_unknown": False}
    trained = config["recipes"][network_of(config, row["recipe"])]
    return {**row, "trains_on_unknown": declared("recipes", trained["kind"], "TRAINS_ON_UNKNOWN")}


def steps_slice(config: Config, table: str) -> Slice:
    """Return what `draw_steps` sees: a line for each last recipe of a sequence of incremental steps."""
    chosen, rows = config["tables"][table], rows_of_table(config, table)
    before = {config["recipes"][recipe].get("start_from") for recipe in chosen["methods"]}
    lines = []
    for protocol, backbone, last in product(chosen["protocols"], chosen["backbones"], chosen["methods"]):
        if "teaches" not in config["recipes"][last] or last in before or not is_for(config, last, backbone):
            continue
        steps = []
        for recipe in way_to(config, last):
            of_step = {"protocol": protocol, "backbone": backbone, "recipe": recipe}
            score = chosen["methods"].get(recipe, [None])[0]
            found = [n for n, row in enumerate(rows) if {**row, **of_step, "score": score} == row]
            if found:
                steps.append({"taught": len(novel_classes(config, recipe)), "rows": found})
        lines.append({"name": config["recipes"][last]["kind"], "steps": steps})
    return {"lines": lines}


def way_to(config: Config, recipe: str) -> list[str]:
    """Return the sequence of recipes from the first network to an incremental step."""
    chosen = config["recipes"][recipe]
    return [*(way_to(config, chosen["start_from"]) if "teaches" in chosen else []), recipe]
