r"""The table of methods as LaTeX, which needs booktabs alone and fits a one-column and a two-column article.

A float cannot be broken, and longtable does not know two columns: a table that is too wide or too long stands in
parts, each a `table*`, which spans both columns where there are two.
"""

from __future__ import annotations

import re
from typing import Iterator, NamedTuple, Sequence

from openworld3d.metrics.bootstrap import BEST, TIED
from openworld3d.reports.printed import ARROWS, Cell, Column, Group, Line, Printed

HEADER = r"% Needs \usepackage{booktabs}."
# In points, of an article in 10 pt on one column, the narrower; a line in \footnotesize has 9.5.
TEXT_WIDTH = 345.0
NAME_WIDTH = 125.0  # beyond which names have several lines
GAP = 6.0  # between columns
LINES = 42  # of a part
LINES_AND_NOTE = 44
# Upper bounds of the widths of characters in \footnotesize; others are narrower than 5.
WIDE = {**dict.fromkeys("mwMW%@&", 8.5), **dict.fromkeys("ABCDEFGHIJKLNOPQRSTUVXYZ+<>=", 6.7)}
NARROW = {**dict.fromkeys("ijl.,:;'!|()[]ft ", 3.4), **dict.fromkeys("rs-?/", 4.2)}
BREAKS = r"(?<=[_/])|(?<=[^\W_]{24})(?=[^\W_])"  # where a name may end a line, and a word that has no such place
SPECIAL = {
    **{letter: rf"\{letter}" for letter in "&%$#{}"},
    "_": r"\_",
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "±": r"$\pm$",
    "†": r"$^\dagger$",
    ARROWS[True]: r"$\uparrow$",
    ARROWS[False]: r"$\downarrow$",
}


class Part(NamedTuple):
    """A part of a table: the numbers of its columns, and its groups, of which the published ones are below a line."""

    columns: list[int]
    groups: list[Group]
    published: list[Group]


def latex(tables: Sequence[Printed], notes: Sequence[str], name: str) -> str:
    """Return the tables as floats, the notes below the last one, or after it where they are too long for a float."""
    floats: list[tuple[Printed, Part, str, str]] = []
    for number, table in enumerate(tables):
        parts = parts_of(table)
        label = f"tab:{name}" if number == 0 else f"tab:{name}:{table.protocol}"
        for order, part in enumerate(parts, start=1):
            caption = table.caption if order == 1 else f"{table.caption[:-1]} (part {order} of {len(parts)})."
            floats.append((table, part, caption, label if order == 1 else f"{label}:{order}"))
    note = r"\raggedright " + " ".join(map(breakable, notes))
    part = floats[-1][1]
    fits = sum(map(group_height, [*part.groups, *part.published])) + lines_of(" ".join(notes)) <= LINES_AND_NOTE
    texts = [
        float_of(*one, note if fits and number == len(floats) else "") for number, one in enumerate(floats, start=1)
    ]
    after = [] if fits else ["{" + rf"\footnotesize{note}\par" + "}"]
    return "\n\n".join([HEADER, *texts, *after]) + "\n"


def float_of(table: Printed, part: Part, caption: str, label: str, note: str) -> str:
    """Return a float with a part of a table."""
    shown = [table.columns[number] for number in part.columns]
    size = name_width(table)
    names = f"p{{{size:.0f}pt}}" if size == NAME_WIDTH else "l"
    lines = [
        r"\begin{table*}[tbp]",
        r"\centering\footnotesize",
        rf"\setlength{{\tabcolsep}}{{{GAP / 2:g}pt}}",
        rf"\caption{{{breakable(caption)}}}",
        rf"\label{{{label}}}",
        rf"\begin{{tabular}}{{{names}{'r' * len(shown)}}}",
        r"\toprule",
        " & ".join([escaped(table.label), *map(head, shown)]) + r" \\",
    ]
    lines += [*group_lines(part.groups, part, size), *group_lines(part.published, part, size)]
    lines += [r"\bottomrule", r"\end{tabular}"]
    if note:
        lines += [r"\par\medskip", rf"\begin{{minipage}}{{\textwidth}}\footnotesize{note}\end{{minipage}}"]
    return "\n".join([*lines, r"\end{table*}"])


def group_lines(groups: Sequence[Group], part: Part, size: float) -> Iterator[str]:
    """Yield the lines of some groups of rows; size: the width of their names."""
    for number, group in enumerate(groups):
        if group.title or number == 0:
            yield r"\midrule"
        if group.title:
            wide = f"p{{{TEXT_WIDTH - 2 * GAP:.0f}pt}}" if text_width(group.title) > size else "l"
            yield rf"\multicolumn{{{1 + len(part.columns)}}}{{{wide}}}{{\textit{{{breakable(group.title)}}}}} \\"
        yield from (row_of(line, part) for line in group.lines)


def row_of(line: Line, part: Part) -> str:
    """Return a row; a mark takes no room, so that digits stand below one another."""
    name = rf"\raggedright {breakable(line.label)}" if text_width(line.label) > NAME_WIDTH else escaped(line.label)
    return " & ".join([name, *(cell_of(line.cells[number]) for number in part.columns)]) + r" \\"


def cell_of(cell: Cell) -> str:
    """Return a cell with its mark."""
    text = escaped(cell.text)
    if cell.mark == BEST:
        return rf"\textbf{{{text}}}"
    return text + r"\rlap{$^\dagger$}" if cell.mark == TIED else text


def head(column: Column) -> str:
    """Return the head of a column, the parts of its name below one another."""
    parts = head_parts(column)
    escaped_parts = r" \\ ".join(map(escaped, parts))
    return rf"\shortstack[r]{{{escaped_parts}}}" if len(parts) > 1 else escaped_parts


def head_parts(column: Column) -> list[str]:
    """Return the parts of a column's name, the arrow with the last: `aupr_`, `scenes ↑`."""
    return column.head.replace("_", "_\n").split("\n")


def escaped(text: str) -> str:
    """Return a text in which LaTeX finds no commands."""
    return "".join(SPECIAL.get(letter, letter) for letter in text)


def breakable(text: str) -> str:
    """Return a text in which LaTeX finds no commands, and may break a name after `_` or `/` and a long word."""
    return r"\allowbreak{}".join(map(escaped, re.split(BREAKS, text)))


def text_width(text: str) -> float:
    """Return more than the width of a text in points."""
    return sum(WIDE.get(letter) or NARROW.get(letter, 5.0) for letter in text)


def lines_of(text: str, width: float = TEXT_WIDTH) -> int:
    """Return how many lines a text takes at most."""
    return 1 + int(1.1 * text_width(text) / width)


def name_width(table: Printed) -> float:
    """Return the width of the names of a table's rows."""
    groups = [*table.groups, *table.published]
    names = [table.label, *(line.label for group in groups for line in group.lines)]
    return min(NAME_WIDTH, max(map(text_width, names)))


def parts_of(table: Printed) -> list[Part]:
    """Return the parts of a table: those with its first columns, then those with the next."""
    rows = list(row_parts(table))
    return [
        Part(columns, groups, table.published if number == len(rows) else [])
        for columns in column_parts(table)
        for number, groups in enumerate(rows, start=1)
    ]


def column_parts(table: Printed) -> list[list[int]]:
    """Return the numbers of the columns of each part; each has those without which a row is not identified."""
    size = [GAP + column_width(table, number) for number in range(len(table.columns))]
    always = [number for number, column in enumerate(table.columns) if column.names_row]
    room = TEXT_WIDTH - name_width(table) - GAP
    parts = [[*always]]
    for number in range(len(table.columns)):
        if number in always:
            continue
        if sum(size[one] for one in [*parts[-1], number]) > room and len(parts[-1]) > len(always):
            parts.append([*always])
        parts[-1].append(number)
    return parts


def column_width(table: Printed, number: int) -> float:
    """Return the width of a column, marks and bold digits included."""
    groups = [*table.groups, *table.published]
    cells = [line.cells[number].text for group in groups for line in group.lines]
    return max([*(1.15 * text_width(cell) for cell in cells), *map(text_width, head_parts(table.columns[number]))])


def row_parts(table: Printed) -> Iterator[list[Group]]:
    """Yield the groups of each part, none of them too long; a group that goes on says so again."""
    part: list[Group] = []
    room = LINES
    published = sum(map(group_height, table.published))
    for group in table.groups:
        title = group.title
        if part and room < 1 + min(3, len(group.lines)):
            yield part
            part, room = [], LINES
        part.append(Group(title, []))
        room -= bool(title)
        for line in group.lines:
            if room < name_lines(line):
                yield part
                part, room = [Group(title and f"{title}, continued", [])], LINES - bool(title)
            part[-1].lines.append(line)
            room -= name_lines(line)
    if room < published:
        yield part
        part = []
    yield part


def name_lines(line: Line) -> int:
    """Return how many lines a row takes."""
    return lines_of(line.label, NAME_WIDTH) if text_width(line.label) > NAME_WIDTH else 1


def group_height(group: Group) -> int:
    """Return how many lines a group takes."""
    return bool(group.title) + sum(map(name_lines, group.lines))
