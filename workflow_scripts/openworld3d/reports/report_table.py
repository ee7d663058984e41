"""The table of a report as HTML: methods by recipe, the best in bold, each number with its interval."""

from __future__ import annotations

from html import escape
from itertools import groupby
from typing import Any, Mapping, NamedTuple, Sequence

from openworld3d.metrics.bootstrap import BEST, TIED, Row, mark
from openworld3d.metrics.table import METRICS
from openworld3d.reports.numbers import MISSING, decimals, in_percent, shown

WORDS = {
    "aupr": "AUPR",
    "auroc": "AUROC",
    "miou": "mIoU",
    "iou": "IoU",
    "ece": "ECE",
    "fpr95": "FPR95",
    "sq": "SQ",
    "uq": "UQ",
    "rq": "RQ",
    "pq": "PQ",
    "recallq": "RecallQ",
    "tp": "TP",
    "fp": "FP",
    "fn": "FN",
}
BAR = 72  # pixels
OPTIONAL = {"backbone": "Backbone", "coverage": "Coverage", "seed": "Seed"}


def label_of(metric: str) -> str:
    """Return a metric's name as a head has it: `miou_known` is mIoU known."""
    said = " ".join(WORDS.get(word, word) for word in metric.split("_"))
    return said[0].upper() + said[1:] if said.split(" ")[0] not in WORDS.values() else said


def arrow_of(metric: str) -> str:
    """Return the arrow of the better direction."""
    return "↑" if METRICS[metric].higher_is_better else "↓"


def places_of(rows: Sequence[Row], metric: str) -> int:
    """Return with how many decimals the rows of a protocol show a metric."""
    return decimals(metric, [row.metrics[metric] for row in rows])


def with_interval(row: Row, metric: str, places: int) -> str:
    """Return a number with its unit and its 95 % interval, as a sentence has it."""
    value, unit = row.metrics[metric], " %" if METRICS[metric].percent else ""
    low, high = row.metrics["bootstrap"].get(metric, [None, None])
    text = f"{shown(metric, value, places)}{unit}"
    if low is None:
        return text
    return f"{text} (95 % interval {shown(metric, low, places)} to {shown(metric, high, places)})"


def tables(rows: Sequence[Row], metrics: Sequence[str], published: Sequence[Mapping[str, Any]]) -> str:
    """Return a table for each protocol, whose numbers compare with no other's."""
    metrics = list(dict.fromkeys(metrics))
    parts = []
    for protocol in dict.fromkeys(row.identity["protocol"] for row in rows):
        of_protocol = [row for row in rows if row.identity["protocol"] == protocol]
        beside = [row for row in published if row["protocol"] == protocol]
        parts.append(table(str(protocol), of_protocol, metrics, beside))
    return "\n".join(parts)


class Column(NamedTuple):
    """A column of one protocol's table: its decimals, and the range of its intervals, None where it has none."""

    metric: str
    places: int
    ends: tuple[float, float] | None


def table(protocol: str, rows: Sequence[Row], metrics: Sequence[str], published: Sequence[Mapping[str, Any]]) -> str:
    """Return the table of one protocol."""
    extra = [key for key in OPTIONAL if len({row.identity[key] for row in rows}) > 1]
    heads = ["<th scope='col'>Score</th>", *(f"<th scope='col'>{OPTIONAL[key]}</th>" for key in extra)]
    heads += [
        f"<th scope='col' class='number' title='{escape(METRICS[name].definition)}'>{label_of(name)} "
        f"<span class='arrow' aria-label='{better(name)}'>{arrow_of(name)}</span></th>"
        for name in metrics
    ]
    lines = [
        f"<div class='scroll' tabindex='0' role='region' aria-label='Table of protocol {escape(protocol)}'>",
        f"<table class='methods' data-protocol='{escape(protocol)}'>",
        f"<caption>Protocol {escape(protocol)}, {rows[0].metrics['points']:,} points, "
        f"{rows[0].metrics['prevalence']:.1%} of them unknown</caption>",
        f"<thead><tr>{''.join(heads)}</tr></thead>",
    ]
    columns = {name: Column(name, places_of(rows, name), range_of(rows, name)) for name in metrics}
    width = len(heads)
    for recipe, of_recipe in groupby(rows, key=lambda row: row.identity["recipe"]):
        group = list(of_recipe)
        said = (
            " · trained on the unknown classes, so does not compete" if group[0].identity["trains_on_unknown"] else ""
        )
        lines.append(
            f"<tbody><tr class='group'><th colspan='{width}' scope='rowgroup'>{escape(recipe)}{said}</th></tr>"
        )
        for row in group:
            cells = [cell(row, rows, columns[name]) for name in metrics]
            lines.append(row_of(row.identity["score"], [str(row.identity[key]) for key in extra], cells))
        lines.append("</tbody>")
    if published:
        lines.append(
            f"<tbody class='published'><tr class='group'><th colspan='{width}' scope='rowgroup'>"
            "Published under the same protocol, not measured here</th></tr>"
        )
        lines += [published_row(row, extra, metrics) for row in published]
        lines.append("</tbody>")
    return "\n".join([*lines, "</table></div>"])


def row_of(name: str, extra: Sequence[str], cells: Sequence[str]) -> str:
    """Return a row of the table."""
    more = "".join(f"<td>{escape(value)}</td>" for value in extra)
    return f"<tr><th scope='row'>{escape(name)}</th>{more}{''.join(cells)}</tr>"


def cell(row: Row, rows: Sequence[Row], column: Column) -> str:
    """Return a number's cell: bold where it is the best, marked where it is not distinguishable from that."""
    metric, value = column.metric, row.metrics[column.metric]
    if value is None:
        return f"<td class='number missing'>{MISSING}</td>"
    found = mark(row, rows, metric)
    text = shown(metric, value, column.places)
    if found == BEST:
        text = f"<b>{text}</b>"
    if found == TIED:
        text += "<sup aria-label='not distinguishable from the best'>†</sup>"
    title = f"{label_of(metric)}: {with_interval(row, metric, column.places)}"
    drawn = bar(row, metric, column.ends)
    return f"<td class='number {found}' data-value='{value!r}' title='{title}'>{text}{drawn}</td>"


def range_of(rows: Sequence[Row], metric: str) -> tuple[float, float] | None:
    """Return the lowest and highest end of a column's intervals, None where it has none."""
    ends = [row.metrics["bootstrap"].get(metric, [None, None]) for row in rows]
    found = [end for pair in ends for end in pair if end is not None]
    return (min(found), max(found)) if found and max(found) > min(found) else None


def bar(row: Row, metric: str, ends: tuple[float, float] | None) -> str:
    """Return an interval drawn as an error bar over the range of its column."""
    low, high = row.metrics["bootstrap"].get(metric, [None, None])
    if ends is None or low is None or high is None:
        return ""
    left, middle, right = (
        2 + (BAR - 4) * min(1, max(0, (value - ends[0]) / (ends[1] - ends[0])))
        for value in (low, row.metrics[metric], high)
    )
    return (
        f"<svg class='bar' viewBox='0 0 {BAR} 6' width='{BAR}' height='6' aria-hidden='true'>"
        f"<path d='M{left:.1f} 3H{right:.1f}'/><circle cx='{middle:.1f}' cy='3' r='2'/></svg>"
    )


def published_row(row: Mapping[str, Any], extra: Sequence[str], metrics: Sequence[str]) -> str:
    """Return the row of a paper's method; its numbers are fractions in text, ? where not verified."""
    cells = []
    for name in metrics:
        text = row["numbers"].get(name)
        said = MISSING if text is None else in_percent(name, text)
        cells.append(f"<td class='number{' missing' if text is None else ''}'>{escape(said)}</td>")
    name = row["method"] if "backbone" in extra else f"{row['method']}, {row['backbone']}"
    return row_of(name, [str(row.get(key, MISSING)) for key in extra], cells)


def better(metric: str) -> str:
    """Return the better direction in words."""
    return "higher is better" if METRICS[metric].higher_is_better else "lower is better"
