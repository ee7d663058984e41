"""Draw the mean IoU of old, new and all classes over the steps of incremental learning."""

from __future__ import annotations

from pathlib import Path

from openworld3d.errors import run_command
from openworld3d.reports.arguments import parser_of
from openworld3d.reports.figures import PANELS, draw_steps, save
from openworld3d.scenes.manifests import read_manifest


def main() -> None:
    """Read the arguments, draw, write an SVG."""
    parser = parser_of(
        __doc__,
        '{"lines": [{"name": ..., "steps": [{"taught": classes, "rows": indices of rows of the table}]}]}',
        "metrics",
    )
    parser.add_argument("--out", required=True, type=Path, help="figure to write, .svg")
    arguments = parser.parse_args()
    rows = [read_manifest(path, list(PANELS)) for path in arguments.metrics]
    save(draw_steps(arguments.config["lines"], rows), arguments.out)


if __name__ == "__main__":
    run_command(main)
