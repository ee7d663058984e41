"""What the named targets of the Snakefile make of a config."""

from __future__ import annotations

from typing import Any, Dict

from openworld3d.plugins import declared, plugin_names
from openworld3d.workflow import rows, slices
from openworld3d.workflow.check_definitions import environment_names
from openworld3d.workflow.config import check_tables
from openworld3d.workflow.inputs import (
    EVALUATION_SCENES,
    TRAINING_SCENES,
    Made,
    all_outputs,
    checks_of_table,
    made_check,
    of_rows,
    sample_of,
)
from openworld3d.workflow.places import wrong
from openworld3d.workflow.schema import SCHEMA_FILE
from openworld3d.workflow.steps import STEPS

Config = Dict[str, Any]


def table_of(config: Config, table: str) -> list[Made]:
    """Return a table, its report and figures, the metrics of its rows, and the checks of its protocols."""
    return [
        *every_output("make_table", table),
        *every_output("make_report", table),
        *every_output("draw_figures", table),
        *checks_of_protocols(config, table),
        *of_rows("measure")(config, {"table": table}),
    ]


def every_output(step: str, table: str) -> list[Made]:
    """Return all that a step makes of a table."""
    return [Made(step, output, {"table": table}) for output in STEPS[step].outputs]


def checks_of_protocols(config: Config, table: str) -> list[Made]:
    """Return the check of each protocol of a table, and its page."""
    return [
        made._replace(output=output)
        for made in checks_of_table(config, {"table": table})
        for output in STEPS[made.step].outputs
    ]


def selected_table(config: Config) -> list[Made]:
    """Return the selected table and all that it shows."""
    return table_of(config, config["table"])


def selected_clouds(config: Config) -> list[Made]:
    """Return the clouds of every row of the selected table."""
    return of_rows("export_clouds")(config, {"table": config["table"]})


def selected_comparison(config: Config) -> list[Made]:
    """Return how the selected table's metrics vary with its protocols."""
    return every_output("compare_protocols", config["table"])


def incremental_table(config: Config) -> list[Made]:
    """Return the table and the figure of incremental learning; raises ConfigError where there is no such table."""
    if "incremental" not in config["tables"]:
        said = "has no table incremental, which this target makes; define it as in the default config.yaml"
        raise wrong(
            ("tables",), f"{said}, or choose one of {', '.join(sorted(config['tables']))} with --config table=NAME"
        )
    check_tables(config, ["incremental"], SCHEMA_FILE)
    return [*table_of(config, "incremental"), *every_output("draw_steps", "incremental")]


def selected_outputs(config: Config) -> list[Made]:
    """Return the outputs and training samples of every run of the selected table: all that runs a network."""
    return [
        made
        for run in rows.rows_of_table(config, config["table"])
        for made in [*all_outputs(config, run), *sample_of(config, run)]
    ]


def selected_pseudo_masks(config: Config) -> list[Made]:
    """Return the pseudo masks of every run of the selected table that has some; raises UserError where none has."""
    table = config["table"]
    masks = [
        Made("export_pseudo_masks", "out", run)
        for run in rows.runs_of_table(config, table)
        if slices.has_pseudo_masks(config, run["recipe"])
    ]
    if not masks:
        found = ", ".join(config["tables"][table]["methods"])
        kinds = [kind for kind in plugin_names("recipes") if declared("recipes", kind, "MARKS_UNKNOWN")]
        raise wrong(
            ("tables", table, "methods"),
            f"has {found}, expected a recipe of kind {' or '.join(kinds)}, as no other has pseudo masks; add one, or "
            "choose another table",
        )
    return masks


def selected_protocols(config: Config) -> list[Made]:
    """Return the check of each protocol of the selected table."""
    return checks_of_protocols(config, config["table"])


def selected_scenes(config: Config) -> list[Made]:
    """Return the scenes of every split that the selected table needs."""
    return [
        made
        for name in config["tables"][config["table"]]["protocols"]
        for scenes in (TRAINING_SCENES, EVALUATION_SCENES)
        for made in scenes(config, {"protocol": name})
    ]


def all_environments(config: Config) -> list[Made]:
    """Return the check of every environment."""
    return [made_check(name) for name in environment_names()]
