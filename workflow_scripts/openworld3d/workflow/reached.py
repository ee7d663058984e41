"""Find the results that some table of config.yaml or of an experiment uses."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Dict, Iterator

from openworld3d.workflow import inputs, slices
from openworld3d.workflow.config import check_tables, read_config
from openworld3d.workflow.inputs import Made
from openworld3d.workflow.keys import Keys, Result
from openworld3d.workflow.outside import ABSENT
from openworld3d.workflow.places import located
from openworld3d.workflow.rows import rows_of_table, runs_of_table
from openworld3d.workflow.schema import SCHEMA_FILE
from openworld3d.workflow.steps import STEPS

Config = Dict[str, Any]

OF_TABLE = ("make_table", "make_report", "draw_figures", "compare_protocols")


def everything_reached(config: Config, checkout: Path) -> dict[str, list[str]]:
    """Return the folders of keys that all tables of the present config, config.yaml and each experiment reach.

    "kept": places whose raw files are not there now, so that it is unknown which of their results are reached.
    """
    folders: set[str] = set()
    kept: set[str] = set()
    check_tables(config, list(config["tables"]), checkout / SCHEMA_FILE)
    for one in [config, *configs_of(checkout)]:
        keys = Keys(one)
        for table in one["tables"]:
            results = keys.behind(made_for(one, table))
            environments = {STEPS[result.step].environment(one, result.wildcards) for result in results}
            checks = [keys.result("check_environment", {"environment": name}) for name in environments]
            folders.update(f"{result.folder}/{result.key}" for result in [*results, *checks])
            absent = {result.folder for result in results if result.parts.get("outside") == ABSENT}
            kept.update(places_behind(results, absent))
    return {"folders": sorted(folders), "kept": sorted(kept)}


def places_behind(results: list[Result], absent: set[str]) -> set[str]:
    """Return the folders of results that are made from what lies in some folders, those included."""
    grown: set[str] = set()
    while absent != grown:
        grown = set(absent)
        for result in results:
            addresses = {address.split(" ")[1] for keys in result.parts["inputs"].values() for address in keys}
            if addresses & grown:
                absent = absent | {result.folder}
    return absent


def configs_of(checkout: Path) -> Iterator[Config]:
    """Yield the default experiment, and it with each file of experiments/ over it; raises UserError for a mistake."""
    default = checkout / "config.yaml"
    for files in ([default], *([default, file] for file in sorted((checkout / "experiments").glob("[!.]*.yaml")))):
        given = read_config(files, checkout / SCHEMA_FILE)
        config = given.plain()
        with located(given):
            check_tables(config, list(config.get("tables", ())), checkout / SCHEMA_FILE, given)
        yield config


def made_for(config: Config, table: str) -> list[Made]:
    """Return what the targets may request for a table."""
    of_table = {"table": table}
    made = [Made(step, next(iter(STEPS[step].outputs)), of_table) for step in OF_TABLE]
    if any("teaches" in config["recipes"][recipe] for recipe in config["tables"][table]["methods"]):
        made.append(Made("draw_steps", "out", of_table))
    made += [Made("export_clouds", "out", row) for row in rows_of_table(config, table)]
    for run in runs_of_table(config, table):
        run = {**run, "coverage": config["tables"][table]["coverage"]}
        made += [*inputs.all_outputs(config, run), *inputs.sample_of(config, run)]
        if slices.has_pseudo_masks(config, run["recipe"]):
            made.append(Made("export_pseudo_masks", "out", run))
    return made
