"""Join the metrics of methods into one table as CSV, Markdown and LaTeX."""

from __future__ import annotations

import argparse
import json
import math
import re
from pathlib import Path
from typing import Any

import pandas as pd

from openworld3d.errors import UserError, nearest, run_command
from openworld3d.files import whole_file
from openworld3d.manifests import read_manifest
from openworld3d.markdown import table_lines

IDENTITY = ["dataset", "protocol", "backbone", "recipe", "coverage", "score", "method", "seed"]
SIZE = ["points", "prevalence"]
MISSING = "n/a"
GROUND = (
    "The unknown is the positive class, void points are left out, and every number is pooled over all "
    "original points of all evaluation scenes. Fractions, not percent; n/a: not defined."
)
DEFINITIONS = {
    "coverage": "single: a voxel's points share the outputs of one of them; fragments: each point has its own; "
    "tta: averaged over four turns of the scene",
    "points": "points that are not void",
    "prevalence": "share of unknown points, which is the aupr of a random score",
    "aupr": "average precision, steps over distinct scores",
    "aupr_trapezoid": "area under straight lines between the points of the precision-recall curve (REAL)",
    "auroc": "area under the ROC curve, ties count half",
    "fpr95": "false-positive rate at the first threshold whose true-positive rate is at least 0.95",
    "fpr95_strict": "the same where the true-positive rate is above 0.95 (REAL)",
    "miou_known": "mean IoU over the known classes present, unknown points count against them (PDF)",
    "miou_all": "mean IoU over all classes, the unknown ones at 0 unless they are taught (REAL)",
    "miou_old": "mean IoU over the classes known from the start",
    "miou_novel": "mean IoU over the classes that were unknown and have been taught",
    "forgetting": "by how much miou_old fell since the step before",
    "accuracy": "share of points predicted right, unknown points are always wrong",
}


def main() -> None:
    """Read the arguments, join the metrics, write the three files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--config",
        required=True,
        type=json.loads,
        help='JSON: {"table": name, "metrics": [...], "rows": [...]}',
    )
    parser.add_argument("--metrics", required=True, type=Path, nargs="+", help="metrics, one file per row, in order")
    parser.add_argument("--csv", required=True, type=Path, help="table to write, full precision")
    parser.add_argument("--markdown", required=True, type=Path, help="table to write, four decimals")
    parser.add_argument("--tex", required=True, type=Path, help="table to write, four decimals")
    arguments = parser.parse_args()

    table = join(arguments.config["rows"], arguments.metrics, arguments.config["metrics"])
    text = table.apply(lambda column: [shown(value) for value in column])
    caption = caption_of(arguments.config["table"], list(table.columns))
    write(arguments.csv, table.to_csv(index=False, na_rep=MISSING))
    write(arguments.markdown, markdown(text, caption))
    write(arguments.tex, latex(text, caption, arguments.config["table"]))


def join(rows: list[dict[str, Any]], paths: list[Path], metrics: list[str]) -> pd.DataFrame:
    """Return one line per row: who it is, how many points, and its metrics."""
    if len(rows) != len(paths):
        raise UserError(f"the table has {len(rows)} rows and {len(paths)} metrics files; give one file per row")
    columns = list(dict.fromkeys([*IDENTITY, *SIZE, *metrics]))
    lines = []
    for row, path in zip(rows, paths):
        line = {**numbers(path, [*SIZE, *metrics]), **{key: row[key] for key in IDENTITY}}
        lines.append([line[column] for column in columns])
    return pd.DataFrame(lines, columns=columns, dtype=object)


def numbers(path: Path, names: list[str]) -> dict[str, Any]:
    """Return the named numbers of a metrics file, None where not defined."""
    metrics = read_manifest(path, SIZE)
    choices = [name for name, value in metrics.items() if not isinstance(value, dict)]
    for name in names:
        if name not in choices:
            raise UserError(
                f"{path}: there is no metric {name!r}{nearest(name, choices)}; choose of {', '.join(choices)}"
            )
    return {name: metrics[name] for name in names}


def shown(value: Any) -> str:
    """Return a cell as people read it."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return MISSING
    return f"{value:.4f}" if isinstance(value, float) else str(value)


def caption_of(name: str, columns: list[str]) -> str:
    """Return the sentences that say what the numbers of these columns mean."""
    defined = [f"{column}: {DEFINITIONS[column]}" for column in columns if column in DEFINITIONS]
    return f"Table {name}. {GROUND} {'; '.join(defined)}."


def markdown(text: pd.DataFrame, caption: str) -> str:
    """Return a Markdown table, names to the left and numbers to the right, with its caption below."""
    names = sum(column in IDENTITY for column in text.columns)
    return "\n".join([*table_lines(list(text.columns), text.to_numpy().tolist(), names), "", caption, ""])


def latex(text: pd.DataFrame, caption: str, name: str) -> str:
    """Return a LaTeX table with booktabs rules."""
    with pd.option_context("display.max_colwidth", None):  # pandas before 2 cuts cells at 50 characters
        return text.to_latex(
            index=False,
            escape=True,
            column_format="".join("l" if column in IDENTITY else "r" for column in text.columns),
            caption=re.sub(r"([&%$#_{}])", r"\\\1", caption),
            label=f"tab:{name}",
        )


def write(path: Path, text: str) -> None:
    """Write text, whole or not at all."""
    with whole_file(path) as temporary:
        temporary.write_text(text)


if __name__ == "__main__":
    run_command(main)
