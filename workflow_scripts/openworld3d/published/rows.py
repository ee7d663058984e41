"""The rows of papers' tables: numbers, where they are published, how sure they are, and by which protocol."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any, Iterator, Mapping

from openworld3d.published.reading import FOLDER, read_yaml
from openworld3d.published.registry import FILE, read_registry

SCHEMA = "published.schema.yaml"
MISSING = "to be entered by hand"
# How sure numbers are, and in which words that is said.
SURE = {"verified": "verified", "abstract": "as read there", "confirmed": "confirmed by an author"}
UNSURE = {
    "quoted": "by a user, not verified",
    "notes": "not verified",
    "from memory": "from memory, not verified",
}
MARK = "?"
# Of all papers, in the order in which tables show them.
COLUMNS = ("aupr", "auroc", "fpr95", "miou", "miou_old", "miou_novel", "recall_q", "sq", "uq", "rq", "pq")


@dataclass(frozen=True)
class PublishedRow:
    """A row of a paper's table.

    numbers: by the paper's column, in percent; columns: for each, our metrics that it may be. taught: the unknown
    classes learned before. ours: the method that measures it, in the experiment's table. notes: on the whole table.
    iou: by class, in percent.
    """

    paper: str
    protocol: str
    backbone: str
    method: str
    status: str
    columns: Mapping[str, tuple[str, ...]]
    numbers: Mapping[str, float]
    source: str = ""
    agree: int = 1
    trained_on: str = ""
    note: str = ""
    ours: str = ""
    experiment: str = ""
    taught: tuple[str, ...] = ()
    not_stated: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    iou: Mapping[str, float] | None = None

    def shown(self, metric: str) -> str | None:
        """Return the number of one of our metrics as a fraction, marked where not verified; None if there is none."""
        for column, number in self.numbers.items():
            if metric in self.columns[column]:
                return str(Decimal(str(number)).scaleb(-2)) + (MARK if self.status not in SURE else "")
        return None

    @property
    def remarks(self) -> list[str]:
        """Return the notes on the whole table, with whose they are."""
        return [f"{self.paper}: {note}" for note in self.notes]

    @property
    def certainty(self) -> str:
        """Return how sure the numbers are, in words."""
        agree = f"{self.agree} agree, " if self.agree > 1 else ""
        return agree + {**SURE, **UNSURE, MISSING: MISSING}[self.status]

    @property
    def origin(self) -> str:
        """Return where the numbers are from, how sure they are, and what is to be known of them."""
        said = [
            f"{self.paper}, {self.source}: {self.certainty}",
            f"on learning {', '.join(self.taught)}" if self.taught else "",
            f"trained on {self.trained_on}" if self.trained_on else "",
            self.note,
            *(f"not stated: {one}" for one in self.not_stated),
        ]
        return "; ".join(filter(None, said))


@lru_cache(maxsize=None)
def read_rows(folder: Path = FOLDER) -> tuple[PublishedRow, ...]:
    """Return the rows of all papers in a folder, in the order of its files.

    Raises UserError for a file that has not the form of its schema, or names a protocol that the registry lacks.
    """
    files = sorted(file for file in folder.glob("*.yaml") if file.name != FILE)
    return tuple(row for file in files for row in rows_of(file, read_yaml(file, SCHEMA), folder))


def rows_of(file: Path, paper: Mapping[str, Any], folder: Path) -> Iterator[PublishedRow]:
    """Yield the rows of one paper."""
    columns = {column: tuple(metrics) for column, metrics in paper["columns"].items()}
    name = f"{paper['venue']}, arXiv {paper['arxiv']}"
    for number, table in enumerate(paper["tables"]):
        read_registry(folder).protocol(table["protocol"], f"{file}: tables.{number}.protocol")
        of_all = {
            "paper": name,
            "columns": columns,
            "protocol": table["protocol"],
            "backbone": table["backbone"],
            "experiment": table.get("experiment", ""),
            "taught": tuple(table.get("taught", ())),
            "notes": tuple(table.get("notes", ())),
        }
        for row in table["rows"]:
            not_stated = tuple(row.get("not_stated", ()))
            yield PublishedRow(**{"numbers": {}, **of_all, **row, "not_stated": not_stated})
