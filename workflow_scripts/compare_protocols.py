"""Write and draw how the metrics of a table vary with the unknown classes and their share of the points."""

from __future__ import annotations

from pathlib import Path

from openworld3d.errors import run_command
from openworld3d.files import write_text
from openworld3d.reports.arguments import parser_of
from openworld3d.reports.figures import draw_protocols, save
from openworld3d.reports.protocol_comparison import page, read_rows, shares_of, spread_of


def main() -> None:
    """Read the arguments, compare, write the numbers, a page and a figure."""
    parser = parser_of(__doc__, '{"table": name, "rows": [...]}', "metrics")
    parser.add_argument("--csv", required=True, type=Path, help="a line for each method and metric to write")
    parser.add_argument("--markdown", required=True, type=Path, help="the page to write")
    parser.add_argument("--figure", required=True, type=Path, help="figure to write, .svg")
    arguments = parser.parse_args()
    rows = read_rows(arguments.config["rows"], arguments.metrics)
    spread = spread_of(rows)
    shares = shares_of(rows)
    write_text(arguments.csv, spread.to_csv(index=False))
    write_text(arguments.markdown, page(arguments.config["table"], spread, shares))
    save(draw_protocols(rows), arguments.figure)


if __name__ == "__main__":
    run_command(main)
