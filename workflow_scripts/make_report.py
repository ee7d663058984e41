"""Write the report of a table: one page with its numbers, curves and scenes, and how they came about."""

from __future__ import annotations

from pathlib import Path

from openworld3d.errors import run_command
from openworld3d.files import write_text
from openworld3d.reports.arguments import FILES, parser_of
from openworld3d.reports.origins import Record, each_once, records_of
from openworld3d.reports.report_data import Report
from openworld3d.reports.report_html import html_parts
from openworld3d.reports.report_page import page
from openworld3d.reports.table import read_rows
from openworld3d.reports.table_files import files_of_rows, protocols_of, scenes_of_protocols
from openworld3d.scenes.manifests import read_manifest


def main() -> None:
    """Read the arguments, gather what the page shows, write it."""
    parser = parser_of(
        __doc__,
        "what make_table sees, the table's protocols, what the recipe of each row has learned, trainings",
        *FILES,
    )
    parser.add_argument("--histories", required=True, type=Path, nargs="*", help="of the trainings, in order")
    parser.add_argument("--checks", required=True, type=Path, nargs="+", help="of the protocols, in order")
    parser.add_argument("--benchmarks", type=Path, default=Path("logs/benchmarks"), help="folder of benchmark files")
    parser.add_argument("--html", required=True, type=Path, help="page to write")
    arguments = parser.parse_args()

    config = arguments.config
    rows = read_rows(config, arguments.metrics, arguments.replicates)
    report = Report(config, rows)
    behind: list[list[Record]] = [records_of(path) for path in arguments.metrics]
    files = files_of_rows(len(rows), arguments.statistics, arguments.scores, arguments.outputs)
    for number, of_row in enumerate(files):
        report.add_row(number, of_row, behind[number], arguments.benchmarks)
    report.add_trainings(arguments.histories)
    report.add_scenes(scenes_of_protocols(config, arguments.scenes, arguments.labels))
    checks = dict(zip(protocols_of(config), (read_manifest(path, []) for path in arguments.checks)))
    records = each_once(record for of_row in behind for record in of_row)
    write_text(arguments.html, page(report, html_parts(report, checks, records)))


if __name__ == "__main__":
    run_command(main)
