"""Write the table of methods as CSV, Markdown and LaTeX, that of means over seeds likewise, and all differences."""

from __future__ import annotations

from pathlib import Path

from openworld3d.errors import run_command
from openworld3d.files import write_text
from openworld3d.metrics.seeds import means_over_seeds
from openworld3d.reports.arguments import parser_of
from openworld3d.reports.numbers import MISSING
from openworld3d.reports.printed import MARKS, notes_of, printed
from openworld3d.reports.summary_table import MARKS_OF_MEANS, cell_of_mean, note_on_seeds, summary
from openworld3d.reports.table import differences, join, read_rows
from openworld3d.reports.table_latex import latex
from openworld3d.reports.table_markdown import markdown


def main() -> None:
    """Read the arguments, join the metrics, write the seven files."""
    parser = parser_of(
        __doc__,
        '{"table": name, "metrics": [...], "conventions" and "counting": {PROTOCOL: {...}}, "rows": [...], '
        '"published": {"rows": [...], "notes": [...]}}',
        "metrics",
        "replicates",
    )
    parser.add_argument("--csv", required=True, type=Path, help="table to write, full precision")
    parser.add_argument("--markdown", required=True, type=Path, help="table to write, for reading")
    parser.add_argument("--tex", required=True, type=Path, help="table to write, for a paper")
    parser.add_argument("--differences", required=True, type=Path, help="differences of two rows to write, .csv")
    parser.add_argument("--summary", required=True, type=Path, help="means over seeds to write, .csv")
    parser.add_argument("--summary-markdown", required=True, type=Path, help="likewise, for reading")
    parser.add_argument("--summary-tex", required=True, type=Path, help="likewise, for a paper")
    arguments = parser.parse_args()

    config = arguments.config
    name, metrics, published = (config[key] for key in ("table", "metrics", "published"))
    rows = read_rows(config, arguments.metrics, arguments.replicates)
    means = means_over_seeds(rows, metrics)
    write_text(arguments.csv, join(rows, metrics).to_csv(index=False, na_rep=MISSING))
    write_text(arguments.differences, differences(rows, metrics).to_csv(index=False, na_rep=MISSING))
    write_text(arguments.summary, summary(means, metrics).to_csv(index=False, na_rep=MISSING))

    tables = printed(rows, metrics, published["rows"])
    notes = notes_of(tables, rows, metrics, config, MARKS, published["notes"])
    write_text(arguments.markdown, markdown(tables, notes, name))
    write_text(arguments.tex, latex(tables, notes, name))

    tables = printed(means, metrics, published["rows"], cell_of_mean)
    notes = notes_of(tables, means, metrics, config, MARKS_OF_MEANS, published["notes"])
    notes.insert(0, note_on_seeds(means))
    write_text(arguments.summary_markdown, markdown(tables, notes, f"{name}.summary"))
    write_text(arguments.summary_tex, latex(tables, notes, f"{name}.summary"))


if __name__ == "__main__":
    run_command(main)
