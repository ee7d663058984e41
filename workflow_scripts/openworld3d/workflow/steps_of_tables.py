"""The last steps: tables, and what is made beside them from the rows that they have."""

from __future__ import annotations

from openworld3d.workflow import report_inputs, rows
from openworld3d.workflow.inputs import checks_of_table, metrics_environment, of_rows
from openworld3d.workflow.step import Step

DRAWN = ("svg", "pdf", "csv")  # a figure twice, and its data

OF_TABLES: dict[str, Step] = {
    "make_table": Step(
        "table",
        "make_table.py",
        "results/tables/{table}",
        {
            "csv": "{table}.csv",
            "markdown": "{table}.md",
            "tex": "{table}.tex",
            "differences": "{table}.differences.csv",
            "summary": "{table}.summary.csv",
            "summary_markdown": "{table}.summary.md",
            "summary_tex": "{table}.summary.tex",
        },
        metrics_environment,
        (rows.printed_slice, "table"),
        {"metrics": of_rows("measure"), "replicates": of_rows("measure", "replicates")},
        waits={"checks": checks_of_table},
        shown="results/tables",
        place="tables.{table}",
    ),
    "make_report": Step(
        "report",
        "make_report.py",
        "results/reports/{table}",
        {"html": "{table}.html"},
        metrics_environment,
        (report_inputs.report_slice, "table"),
        report_inputs.INPUTS,
        shown="results/reports",
        place="tables.{table}",
    ),
    "draw_figures": Step(
        "drawing",
        "draw_figures.py",
        "results/figures/{table}",
        {
            **{f"{name}_{kind}": f"{{table}}.{name}.{kind}" for name in ("metrics", "curves") for kind in DRAWN},
            "scenes_png": "{table}.scenes.png",
        },
        metrics_environment,
        (report_inputs.figures_slice, "table"),
        report_inputs.FIGURE_INPUTS,
        shown="results/figures",
        place="tables.{table}",
    ),
    "compare_protocols": Step(
        "comparison",
        "compare_protocols.py",
        "results/tables/{table}",
        {"csv": "{table}.protocols.csv", "markdown": "{table}.protocols.md", "figure": "{table}.protocols.svg"},
        metrics_environment,
        (rows.table_slice, "table"),
        {"metrics": of_rows("measure")},
        shown="results/tables",
        place="tables.{table}",
    ),
    "draw_steps": Step(
        "figure",
        "draw_steps.py",
        "results/figures/{table}",
        {"out": "{table}.svg"},
        metrics_environment,
        (rows.steps_slice, "table"),
        {"metrics": of_rows("measure")},
        shown="results/figures",
        place="tables.{table}",
    ),
}
