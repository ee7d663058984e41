"""The table of methods as Markdown that a terminal shows as it is."""

from __future__ import annotations

import re
import textwrap
from typing import Sequence

from openworld3d.metrics.bootstrap import BEST, TIED
from openworld3d.reports.printed import Cell, Group, Printed

WIDTH = 100  # characters of a terminal
LONGEST_NAME = 60
LINE = "---"
AROUND = {BEST: ("**", "**"), TIED: ("  ", "† "), "": ("  ", "  ")}


def markdown(tables: Sequence[Printed], notes: Sequence[str], name: str) -> str:
    """Return tables with their captions above and the notes below, in lines of at most 100 characters.

    A table that is wider stands in parts, one below the other; a name that is longer is cut and explained.
    """
    cut = Names()
    parts = [[wrapped(f"Table {name}. {table.caption}"), *parts_of(table, cut)] for table in tables]
    lists = [wrapped(note, "- ") for note in [*notes, *cut.explained]]
    return "\n\n".join([part for of_table in parts for part in of_table] + ["\n".join(lists)]) + "\n"


class Names:
    """Names that fit a column; those that do not are cut and numbered."""

    def __init__(self) -> None:
        self.explained: list[str] = []
        self.found: dict[str, str] = {}

    def fitting(self, name: str) -> str:
        """Return a name, or its beginning with a number."""
        name = name.replace("|", "\\|")
        if len(name) > LONGEST_NAME and name not in self.found:
            number = f"… ({len(self.found) + 1})"
            self.found[name] = name[: LONGEST_NAME - len(number)] + number
            self.explained.append(f"{number}: {name}")
        return self.found.get(name, name)


def wrapped(text: str, bullet: str = "") -> str:
    """Return a paragraph or an item of a list; no line begins with what Markdown takes for one."""
    text = re.sub(r" (?=[-+*#>] )|(?<= [-+*#>]) ", "\N{NO-BREAK SPACE}", text)
    lines = textwrap.fill(
        text, WIDTH, initial_indent=bullet, subsequent_indent=" " * len(bullet), break_on_hyphens=False
    )
    return lines.replace("\N{NO-BREAK SPACE}", " ")


def parts_of(table: Printed, names: Names) -> list[str]:
    """Return a table, or its parts, each with as many columns as fit."""
    rows = rows_of(table.groups, table, names)
    if table.published:
        rows += [[LINE] * (1 + len(table.columns)), *rows_of(table.published, table, names)]
    heads = [table.label, *(column.head for column in table.columns)]
    columns = [[head, *(row[number] for row in rows)] for number, head in enumerate(heads)]
    return [
        "\n".join(aligned([columns[0], *(columns[number] for number in part)])) for part in chunks(columns, table)
    ]


def rows_of(groups: Sequence[Group], table: Printed, names: Names) -> list[list[str]]:
    """Return the cells of some groups of rows, below their titles."""
    rows: list[list[str]] = []
    for group in groups:
        if group.title:
            rows.append([f"*{names.fitting(group.title)}*", *[""] * len(table.columns)])
        rows += [[names.fitting(line.label), *cells_of(line.cells, table)] for line in group.lines]
    return rows


def cells_of(cells: Sequence[Cell], table: Printed) -> list[str]:
    """Return cells with their marks; what has none keeps their place free, so that digits stand below one another."""
    if not table.has_marks:
        return [cell.text for cell in cells]
    return [
        cell.text if column.higher_is_better is None else cell.text.join(AROUND[cell.mark])
        for column, cell in zip(table.columns, cells)
    ]


def chunks(columns: Sequence[Sequence[str]], table: Printed) -> list[list[int]]:
    """Return the numbers of the columns of each part; each has those without which a row is not identified."""
    size = [width(column) + 3 for column in columns]
    always = [number for number, column in enumerate(table.columns, start=1) if column.names_row]
    parts: list[list[int]] = [[*always]]
    for number in range(1, len(columns)):
        if number in always:
            continue
        if 1 + size[0] + sum(size[one] for one in [*parts[-1], number]) > WIDTH and len(parts[-1]) > len(always):
            parts.append([*always])
        parts[-1].append(number)
    return parts


def width(column: Sequence[str]) -> int:
    """Return the width of a column in characters."""
    return max(4, *map(len, column))


def aligned(columns: Sequence[Sequence[str]]) -> list[str]:
    """Return the lines of a table with its first column aligned left and the others right."""
    padded = []
    for number, (head, *cells) in enumerate(columns):
        size = width([head, *cells])
        rule = f":{'-' * (size - 1)}" if number == 0 else f"{'-' * (size - 1)}:"
        one = [head, *cells]
        of_column = [cell.ljust(size) if number == 0 else cell.rjust(size) for cell in one]
        padded.append([of_column[0], rule, *of_column[1:]])
    return [f"| {' | '.join(line)} |" for line in zip(*padded)]
