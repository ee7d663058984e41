"""What the named targets of the Snakefile make of a config."""

from __future__ import annotations

from typing import Any, Dict

from openworld3d.errors import UserError
from openworld3d.plugins import declared, plugin_names
from openworld3d.workflow import rows, slices
from openworld3d.workflow.check_definitions import environment_names
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
from openworld3d.workflow.steps import STEPS

Config = Dict[str, Any]


def table_of(config: Config, table: str) -> list[Made]:
    """Return a table, the metrics of its rows, and the checks of its protocols."""
    return [
        *every_output("make_table", table),
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
    """Return the table and the figure of incremental learning."""
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
        raise UserError(
            f"config: tables.{table}.methods has {found}, expected a recipe of kind {' or '.join(kinds)}, as no "
            "other has pseudo masks; add one, or choose another table"
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
