"""The table as it is printed: what all rows share goes to the caption, and rows are grouped by recipe.

Markdown and LaTeX are two ways to write the same `Printed`.
"""

from __future__ import annotations

from typing import Any, Callable, Iterable, Mapping, NamedTuple, Sequence

from openworld3d.metrics.bootstrap import Row, mark
from openworld3d.metrics.table import METRICS
from openworld3d.reports.counting import pooled, what_counts
from openworld3d.reports.numbers import MISSING, decimals, in_percent, shown

GROUND = (
    "The unknown is the positive class, void points are left out, and every number is {pooled}. In percent, but for "
    f"counts and lift; {MISSING}: not defined."
)
MARKS = (
    "Bold: the best of a column, upper bounds aside. †: not distinguishable from it, as the 95 % bootstrap interval "
    "of their difference over evaluation scenes contains 0."
)
ONE_SCENE = "Nothing is marked, as one evaluation scene has no intervals."
COVERAGES = {
    "single": "inference on one point of each voxel, whose outputs the others share",
    "fragments": "inference on every point",
    "tta": "inference on every point in four rotations of the scene, whose outputs are averaged",
}
OF_RELEASE = "tta, in the rotations of Stratified Transformer's released test"
COLUMNS = {
    "points": "points that are not void",
    "prevalence": "share of unknown points, which is the AUPR of a random score",
}
ARROWS = {True: "↑", False: "↓"}
GROUPED_BY = ("recipe", "backbone", "coverage")


class Column(NamedTuple):
    """The head of a column: its name, and whether more is better, None of what is no metric."""

    name: str
    higher_is_better: bool | None = None
    names_row: bool = False  # whether a row is not identified without it

    @property
    def head(self) -> str:
        """Return the name with an arrow that points to the better end."""
        return self.name if self.higher_is_better is None else f"{self.name} {ARROWS[self.higher_is_better]}"


class Cell(NamedTuple):
    """A cell, and how it is marked: `BEST`, `TIED` or not."""

    text: str
    mark: str = ""


class Line(NamedTuple):
    """A row: its name and its cells, one for each column."""

    label: str
    cells: list[Cell]


class Group(NamedTuple):
    """Rows under a title, which is empty where all rows are one group."""

    title: str
    lines: list[Line]


class Printed(NamedTuple):
    """The table of one protocol. published: what stands below a line, by network."""

    protocol: str
    caption: str
    label: str  # the head of the names
    columns: list[Column]
    groups: list[Group]
    published: list[Group]

    @property
    def has_marks(self) -> bool:
        """Tell whether a cell is marked."""
        return any(cell.mark for group in self.groups for line in group.lines for cell in line.cells)


# Of a row among others, a metric and how many decimals it is printed with, the cell.
CellOf = Callable[[Row, Sequence[Row], str, int], Cell]


def cell_of(row: Row, rows: Sequence[Row], metric: str, places: int) -> Cell:
    """Return a metric of a row as it is printed."""
    return Cell(shown(metric, row.metrics[metric], places), mark(row, rows, metric))


def printed(
    rows: Sequence[Row], metrics: Sequence[str], published: list[dict[str, Any]], cell_of: CellOf = cell_of
) -> list[Printed]:
    """Return a table for each protocol, as its numbers compare with no other's."""
    protocols = dict.fromkeys(row.identity["protocol"] for row in rows)
    return [
        of_protocol(
            [row for row in rows if row.identity["protocol"] == protocol],
            metrics,
            [row for row in published if row["protocol"] == protocol],
            cell_of,
        )
        for protocol in protocols
    ]


def of_protocol(rows: list[Row], metrics: Sequence[str], published: list[dict[str, Any]], cell_of: CellOf) -> Printed:
    """Return the table of one protocol."""
    varying = varying_keys(rows)
    own = [column for column in ("seed", *COLUMNS) if column in varying]
    places = {column: decimals(column, [row.metrics[column] for row in rows]) for column in ("prevalence", *metrics)}

    def cell(row: Row, column: str) -> Cell:
        if column in metrics:
            return cell_of(row, rows, column, places[column])
        if column == "prevalence":
            return Cell(shown(column, row.metrics[column], places[column]))
        return Cell(f"{row.metrics[column]:,}" if column == "points" else str(row.identity[column]))

    columns = [Column(column, names_row=column == "seed") for column in own]
    columns += [Column(metric, METRICS[metric].higher_is_better) for metric in metrics]
    of_groups = grouped(rows)
    is_grouped = any(len({row.identity["score"] for row in group}) > 1 for group in of_groups)
    label = "score" if is_grouped else "method"
    groups = [
        Group(
            title_of(group[0], varying) if is_grouped and len(of_groups) > 1 else "",
            [
                Line(
                    row.identity["score"] if is_grouped else method_of(row, varying),
                    [cell(row, column.name) for column in columns],
                )
                for row in group
            ],
        )
        for group in of_groups
    ]
    if not is_grouped:
        groups = [Group("", [line for group in groups for line in group.lines])]
    caption = shared(rows, varying, places["prevalence"])
    protocol = rows[0].identity["protocol"]
    return Printed(protocol, caption, label, columns, groups, published_groups(published, columns))


def grouped(rows: Sequence[Row]) -> list[list[Row]]:
    """Return the rows of each recipe, backbone and coverage, with all seeds of a score one after the other."""
    groups: dict[tuple[Any, ...], dict[str, list[Row]]] = {}
    for row in rows:
        of_group = groups.setdefault(tuple(row.identity[key] for key in GROUPED_BY), {})
        of_group.setdefault(row.identity["score"], []).append(row)
    return [[row for of_score in group.values() for row in of_score] for group in groups.values()]


def varying_keys(rows: Sequence[Row]) -> set[str]:
    """Return what differs between rows: keys of their identity, points and prevalence."""
    values = [{**row.identity, **{key: row.metrics[key] for key in COLUMNS}} for row in rows]
    return {key for key in values[0] if len({one[key] for one in values}) > 1}


def title_of(row: Row, varying: set[str]) -> str:
    """Return the title of a group of rows: their recipe, what else they share and others do not, and upper bounds."""
    others = [row.identity[key] for key in GROUPED_BY[1:] if key in varying and row.identity[key] != MISSING]
    return ", ".join([row.identity["recipe"], *others]) + upper_bound(row)


def method_of(row: Row, varying: set[str]) -> str:
    """Return the name of a row that is not in a group."""
    others = [row.identity[key] for key in GROUPED_BY[1:] if key in varying and row.identity[key] != MISSING]
    return ", ".join([row.identity["method"], *others]) + upper_bound(row)


def upper_bound(row: Row) -> str:
    """Return what is said of a recipe that is trained on the unknown classes."""
    return " (upper bound)" if row.identity["trains_on_unknown"] else ""


def shared(rows: list[Row], varying: set[str], places: int) -> str:
    """Return what all rows share as a sentence."""
    first = rows[0].identity
    said = [f"Protocol {first['protocol']} of dataset {first['dataset']}"]
    said += [
        f"{key}{'s' * (', ' in str(first[key]))} {first[key]}"
        for key in ("backbone", "recipe", "coverage", "seed")
        if is_said(first, key, varying)
    ]
    scenes = {len(row.replicates["scenes"]) for row in rows}
    if len(scenes) == 1:
        said.append(counted(scenes.pop(), "evaluation scene"))
    if "points" not in varying:
        said.append(counted(rows[0].metrics["points"], "point"))
    if "prevalence" not in varying:
        said.append(f"{shown('prevalence', rows[0].metrics['prevalence'], places)} % unknown")
    return ", ".join(said) + "."


def is_said(identity: Any, key: str, varying: set[str]) -> bool:
    """Tell whether the caption names a part of the rows' identity."""
    return key not in varying and identity[key] != MISSING


def counted(number: int, noun: str) -> str:
    """Return a number of things in words."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def published_groups(published: list[dict[str, Any]], columns: list[Column]) -> list[Group]:
    """Return the published rows of each network, with those of their numbers that a column has."""
    groups: dict[str, Group] = {}
    for row in published:
        numbers = row["numbers"]
        texts = [in_percent(one.name, numbers[one.name]) if one.name in numbers else MISSING for one in columns]
        line = Line(row["method"], [Cell(text) for text in texts])
        groups.setdefault(row["backbone"], Group(row["backbone"], [])).lines.append(line)
    return list(groups.values())


def notes_of(
    tables: Sequence[Printed],
    rows: Sequence[Row],
    metrics: Sequence[str],
    config: Mapping[str, Any],
    marked: str,
    published: Iterable[str] = (),
) -> list[str]:
    """Return the sentences below the tables: what numbers, marks and columns mean, and what was published.

    config: `counting` of each protocol, and as `conventions` the metrics that its papers call by the name of another.
    marked: the sentence on the marks.
    """
    said = [GROUND.format(pooled=pooled(config)), *what_counts(config["counting"], metrics, rows)]
    if any(table.has_marks for table in tables):
        said.append(marked)
    elif all(len(row.replicates["scenes"]) == 1 for row in rows):
        said.append(ONE_SCENE)
    used = dict.fromkeys(row.identity["coverage"] for row in rows)
    said += [f"coverage {name}: {COVERAGES.get(name, OF_RELEASE)}." for name in used if name != MISSING]
    own = dict.fromkeys(column.name for table in tables for column in table.columns if column.name in COLUMNS)
    said += [f"{name}: {COLUMNS[name]}." for name in own]
    said += [f"{Column(name, METRICS[name].higher_is_better).head}: {METRICS[name].definition}." for name in metrics]
    said += [
        f"In protocol {protocol}, {metric} is {METRICS[called[metric]].definition}."
        for protocol, called in config["conventions"].items()
        for metric in metrics
        if metric in called
    ]
    return [*said, *published]
