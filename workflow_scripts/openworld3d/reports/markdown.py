"""Markdown tables."""

from __future__ import annotations

from typing import Sequence


def table_lines(head: Sequence[str], rows: Sequence[Sequence[str]], names: int) -> list[str]:
    """Return the lines of a table whose first columns, `names` of them, are aligned left and the others right."""
    rule = [":--" if column < names else "--:" for column in range(len(head))]
    cells = [[cell.replace("|", "\\|") for cell in row] for row in rows]
    return [f"| {' | '.join(line)} |" for line in [head, rule, *cells]]
