"""Draw the figures of a table: metrics with intervals, curves with bands, and scenes coloured by score."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Any, Iterator

from openworld3d.errors import run_command
from openworld3d.files import write_text
from openworld3d.metrics import statistics
from openworld3d.metrics.bootstrap import Row
from openworld3d.reports.arguments import FILES, parser_of
from openworld3d.reports.figures import save
from openworld3d.reports.scene_figure import MOST_SCENES, Shown, compared, draw_scenes, median_scene, show_scene
from openworld3d.reports.table import read_rows
from openworld3d.reports.table_figures import curve_points, draw_curves, draw_metrics, drawn_rows, metric_points
from openworld3d.reports.table_files import Files, files_of_rows, scenes_of_protocols
from openworld3d.scenes.manifests import Scenes
from openworld3d.scoring.scored_scenes import scored_scenes


def main() -> None:
    """Read the arguments, draw, write each figure with its data."""
    parser = parser_of(
        __doc__,
        '{"metrics": [...], "conventions": {PROTOCOL: {...}}, "rows": [...], "taught": [classes of each row], '
        '"protocols": {PROTOCOL: {"evaluate": {...}, "unknown": classes, "relabelled": bool}}}',
        *FILES,
    )
    for figure in ("metrics", "curves"):
        for suffix in ("csv", "svg", "pdf"):
            parser.add_argument(
                f"--{figure}-{suffix}", required=True, type=Path, help=f"{figure} to write, .{suffix}"
            )
    parser.add_argument("--scenes-png", required=True, type=Path, help="picture of scenes to write")
    arguments = parser.parse_args()

    config = arguments.config
    rows = read_rows(config, arguments.metrics, arguments.replicates)
    of_metrics = metric_points(rows, config["metrics"])
    write_text(arguments.metrics_csv, of_metrics.to_csv(index=False))
    figure = draw_metrics(of_metrics, config["metrics"])
    save(figure, arguments.metrics_svg)
    save(figure, arguments.metrics_pdf, "pdf")

    files = files_of_rows(len(rows), arguments.statistics, arguments.scores, arguments.outputs)
    loaded = [
        (
            row,
            statistics.merge([statistics.load(path) for path in files[number].statistics]),
            unknown_of(number, config),
        )
        for number, row in numbered(drawn_rows(rows), rows)
    ]
    of_curves = curve_points(loaded)
    write_text(arguments.curves_csv, of_curves.to_csv(index=False))
    prevalence = {row.identity["protocol"]: row.metrics["prevalence"] for row in rows}
    figure = draw_curves(of_curves, prevalence)
    save(figure, arguments.curves_svg)
    save(figure, arguments.curves_pdf, "pdf")

    scenes = scenes_of_protocols(config, arguments.scenes, arguments.labels)
    pictures = list(islice(scenes_shown(rows, files, scenes, config), MOST_SCENES))
    save(draw_scenes(pictures), arguments.scenes_png, "png")


def numbered(chosen: list[Row], rows: list[Row]) -> list[tuple[int, Row]]:
    """Return some of the rows with their numbers in the table."""
    return [(number, row) for number, row in enumerate(rows) if any(row is one for one in chosen)]


def unknown_of(number: int, config: dict[str, Any]) -> list[str]:
    """Return the classes that are unknown to a row: those of its protocol which it has not learned since."""
    taught = config["taught"][number]
    unknown = config["protocols"][config["rows"][number]["protocol"]]["unknown"]
    return [name for name in unknown if name not in taught]


def scenes_shown(
    rows: list[Row], files: list[Files], scenes: dict[str, Scenes], config: dict[str, Any]
) -> Iterator[Shown]:
    """Yield the pictures of a scene of each protocol: the median by AUPR of its best method."""
    for protocol, of_protocol in scenes.items():
        chosen = numbered(compared([row for row in rows if row.identity["protocol"] == protocol]), rows)
        name = median_scene(chosen[-1][1].metrics["by_scene"])
        methods = []
        for number, row in chosen:
            found = scored_scenes(files[number].scores, files[number].outputs, of_protocol)
            methods.append((row, next(scored for scored in found if scored.name == name)))
        yield show_scene(name, of_protocol, unknown_of(chosen[0][0], config), methods)


if __name__ == "__main__":
    run_command(main)
