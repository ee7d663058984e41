"""Write the table of methods as CSV, Markdown and LaTeX, and the differences between its rows."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from openworld3d.errors import run_command
from openworld3d.files import whole_file
from openworld3d.reports.table import MISSING, caption_of, differences, join, latex, markdown, read_rows, shown_rows


def main() -> None:
    """Read the arguments, join the metrics, write the four files."""
    parser = argparse.ArgumentParser(description=__doc__, fromfile_prefix_chars="@")
    parser.add_argument(
        "--config",
        required=True,
        type=json.loads,
        help='JSON: {"table": name, "metrics": [...], "rows": [...]}',
    )
    parser.add_argument("--metrics", required=True, type=Path, nargs="+", help="metrics, one file per row, in order")
    parser.add_argument("--replicates", required=True, type=Path, nargs="+", help="metrics of draws, likewise")
    parser.add_argument("--csv", required=True, type=Path, help="table to write, full precision")
    parser.add_argument("--markdown", required=True, type=Path, help="table to write, four decimals")
    parser.add_argument("--tex", required=True, type=Path, help="table to write, four decimals")
    parser.add_argument("--differences", required=True, type=Path, help="differences of two rows to write, .csv")
    arguments = parser.parse_args()

    metrics = arguments.config["metrics"]
    rows = read_rows(arguments.config["rows"], arguments.metrics, arguments.replicates, metrics)
    write(arguments.csv, join(rows, metrics).to_csv(index=False, na_rep=MISSING))
    text = shown_rows(rows, metrics)
    caption = caption_of(arguments.config["table"], list(text.columns))
    write(arguments.markdown, markdown(text, caption))
    write(arguments.tex, latex(text, caption, arguments.config["table"]))
    write(arguments.differences, differences(rows, metrics).to_csv(index=False, na_rep=MISSING))


def write(path: Path, text: str) -> None:
    """Write text, whole or not at all."""
    with whole_file(path) as temporary:
        temporary.write_text(text)


if __name__ == "__main__":
    run_command(main)
