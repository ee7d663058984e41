"""Write the report of a table: one page with its numbers, curves and scenes, and how they came about."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from openworld3d.errors import run_command
from openworld3d.files import write_text
from openworld3d.reports import assembly, pieces
from openworld3d.reports.origins import Record, each_once, records_of
from openworld3d.reports.report import Report
from openworld3d.reports.table import read_rows
from openworld3d.reports.table_files import files_of_rows, protocols_of, scenes_of_protocols
from openworld3d.scenes.manifests import read_manifest


def main() -> None:
    """Read the arguments, gather what the page shows, write it."""
    parser = argparse.ArgumentParser(description=__doc__, fromfile_prefix_chars="@")
    parser.add_argument(
        "--config",
        required=True,
        type=json.loads,
        help="JSON: what make_table sees, the table's protocols, what the recipe of each row has learned, trainings",
    )
    parser.add_argument("--metrics", required=True, type=Path, nargs="+", help="metrics, one file per row, in order")
    parser.add_argument("--replicates", required=True, type=Path, nargs="+", help="metrics of draws, likewise")
    parser.add_argument(
        "--statistics", required=True, type=Path, nargs="+", help="of all shards of each row, in order"
    )
    parser.add_argument("--scores", required=True, type=Path, nargs="+", help="manifests, likewise")
    parser.add_argument(
        "--outputs", required=True, type=Path, nargs="+", help="manifests of what was scored, likewise"
    )
    parser.add_argument("--scenes", required=True, type=Path, nargs="+", help="manifests, by protocol")
    parser.add_argument(
        "--labels", required=True, type=Path, nargs="*", help="manifests of labels, likewise, or none"
    )
    parser.add_argument("--histories", required=True, type=Path, nargs="*", help="of the trainings, in order")
    parser.add_argument("--checks", required=True, type=Path, nargs="+", help="of the protocols, in order")
    parser.add_argument("--benchmarks", type=Path, default=Path("logs/benchmarks"), help="folder of benchmark files")
    parser.add_argument("--html", required=True, type=Path, help="page to write")
    arguments = parser.parse_args()

    config = arguments.config
    rows = read_rows(
        config["rows"], arguments.metrics, arguments.replicates, config["metrics"], config["conventions"]
    )
    report = Report(config, rows)
    behind: list[list[Record]] = [records_of(path) for path in arguments.metrics]
    files = files_of_rows(len(rows), arguments.statistics, arguments.scores, arguments.outputs)
    for number, of_row in enumerate(files):
        report.add_row(number, of_row, behind[number], arguments.benchmarks)
    report.add_trainings(arguments.histories)
    report.add_scenes(scenes_of_protocols(config, arguments.scenes, arguments.labels))
    checks = dict(zip(protocols_of(config), (read_manifest(path, []) for path in arguments.checks)))
    records = each_once(record for of_row in behind for record in of_row)
    write_text(arguments.html, assembly.page(report, pieces.pieces(report, checks, records)))


if __name__ == "__main__":
    run_command(main)
