"""The last steps: tables, and what is made beside them from the rows that they have."""

from __future__ import annotations

from typing import Any, Callable

from openworld3d.workflow import report_inputs, rows
from openworld3d.workflow.inputs import checks_of_table, metrics_environment, of_rows
from openworld3d.workflow.step import Inputs, Step

DRAWN = ("svg", "pdf", "csv")  # a figure twice, and its data


def of_table(
    noun: str,
    script: str,
    folder: str,
    outputs: dict[str, str],
    of_config: Callable[..., Any],
    inputs: Inputs,
    waits: Inputs | None = None,
) -> Step:
    """Return a step that makes something of one table, in a folder of results/."""
    return Step(
        noun,
        script,
        f"results/{folder}/{{table}}",
        outputs,
        metrics_environment,
        (of_config, "table"),
        inputs,
        waits=waits or {},
        shown=f"results/{folder}",
        place="tables.{table}",
    )


OF_TABLES: dict[str, Step] = {
    "make_table": of_table(
        "table",
        "make_table.py",
        "tables",
        {
            "csv": "{table}.csv",
            "markdown": "{table}.md",
            "tex": "{table}.tex",
            "differences": "{table}.differences.csv",
            "summary": "{table}.summary.csv",
            "summary_markdown": "{table}.summary.md",
            "summary_tex": "{table}.summary.tex",
        },
        rows.printed_slice,
        {"metrics": of_rows("measure"), "replicates": of_rows("measure", "replicates")},
        waits={"checks": checks_of_table},
    ),
    "make_report": of_table(
        "report",
        "make_report.py",
        "reports",
        {"html": "{table}.html"},
        report_inputs.report_slice,
        report_inputs.INPUTS,
    ),
    "draw_figures": of_table(
        "drawing",
        "draw_figures.py",
        "figures",
        {
            **{f"{name}_{kind}": f"{{table}}.{name}.{kind}" for name in ("metrics", "curves") for kind in DRAWN},
            "scenes_png": "{table}.scenes.png",
        },
        report_inputs.figures_slice,
        report_inputs.FIGURE_INPUTS,
    ),
    "compare_protocols": of_table(
        "comparison",
        "compare_protocols.py",
        "tables",
        {"csv": "{table}.protocols.csv", "markdown": "{table}.protocols.md", "figure": "{table}.protocols.svg"},
        rows.table_slice,
        {"metrics": of_rows("measure")},
    ),
    "draw_steps": of_table(
        "figure",
        "draw_steps.py",
        "figures",
        {"out": "{table}.svg"},
        rows.steps_slice,
        {"metrics": of_rows("measure")},
    ),
}
