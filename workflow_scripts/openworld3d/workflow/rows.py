"""The rows of a table, and the slices of the config that the jobs which show them see."""

from __future__ import annotations

from itertools import product
from typing import Any, Dict

from openworld3d.plugins import declared
from openworld3d.workflow.slices import begins_with, network_of, novel_classes

Config = Dict[str, Any]
Slice = Dict[str, Any]

METHOD = "{recipe} + {score}"
NOT_OURS = "n/a"


def runs_of_table(config: Config, table: str) -> list[dict[str, Any]]:
    """Return protocol, backbone, recipe and seed of every run of a table, in the order of the config."""
    keys = ("protocol", "backbone", "recipe", "seed")
    chosen = config["tables"][table]
    lists = [chosen["protocols"], chosen["backbones"], chosen["methods"], chosen["seeds"]]
    return [dict(zip(keys, values)) for values in product(*lists)]


def rows_of_table(config: Config, table: str) -> list[dict[str, Any]]:
    """Return the identity of every row of a table: a run, its coverage, and a score of its outputs."""
    return [
        {
            **run,
            "dataset": config["protocols"][run["protocol"]]["dataset"],
            "coverage": config["tables"][table]["coverage"],
            "score": score,
            "method": METHOD.format(recipe=run["recipe"], score=score),
        }
        for run in runs_of_table(config, table)
        for score in config["tables"][table]["methods"][run["recipe"]]
    ]


def table_slice(config: Config, table: str) -> Slice:
    """Return what `make_table` sees."""
    return {
        "table": table,
        "metrics": config["tables"][table]["metrics"],
        "rows": [shown(config, row) for row in rows_of_table(config, table)],
    }


def shown(config: Config, row: dict[str, Any]) -> dict[str, Any]:
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
        if "teaches" not in config["recipes"][last] or last in before:
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
