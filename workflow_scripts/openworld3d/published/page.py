"""The generated parts of docs/protocols.md: what the registry says, for a reader who compares papers."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import Iterable, Sequence

from openworld3d.published.differences import (
    FPR95,
    POOL,
    classes_of_raw_ids,
    described,
    differences,
    evaluated,
    listed,
    status_of,
    unknown_of,
)
from openworld3d.published.reading import FOLDER
from openworld3d.published.registry import NamedProtocol, Source, Spec, read_registry
from openworld3d.published.rows import COLUMNS, MISSING, PublishedRow, read_rows
from openworld3d.reports.markdown import table_lines

SHORT = {
    "known": "K",
    "void": "-",
    "unknown": "**U**",
    "inliers": "in",
    "absent": "",
    "held out": "-",
    "weak": "- (w)",
}
MOST_IDS = 10


def overview(folder: Path = FOLDER) -> list[str]:
    """Return the table of all protocols."""
    head = ("protocol", "evaluated on", "unknown", "points that count", "AUPR, FPR95", "used by", "certainty")
    rows = [
        (
            f"[`{name}`](#{name})",
            *(cells_of(protocol.spec) if protocol.keys else ("", "not found", "", "")),
            ", ".join(paper.split(" (")[0] for paper in protocol.papers) or "none known",
            protocol.certainty,
        )
        for name, protocol in read_registry(folder).protocols.items()
    ]
    return left_aligned(head, rows)


def cells_of(spec: Spec) -> tuple[str, ...]:
    """Return data, unknown, points and conventions of a protocol, a cell each."""
    points = [
        f"all but raw {listed(spec.void_raw_ids)}" if spec.void_raw_ids else "all with a label",
        f"raw {listed(spec.inlier_raw_ids)} as inliers" if spec.inlier_raw_ids else "",
        f"{spec.range[0]:g} to {spec.range[1]:g} m" if spec.range else "",
        f"scenes with {spec.min_unknown_points} unknown or more" if spec.min_unknown_points else "",
    ]
    ranked = f"{spec.ap}, {spec.fpr95}; {POOL[spec.pool]}" if unknown_of(spec) else ""
    return evaluated(spec), named_unknown(spec), "; ".join(filter(None, points)), ranked


def named_unknown(spec: Spec) -> str:
    """Return what is unknown as text: `other-vehicle and raw 99`."""
    raw_ids = {name for name in unknown_of(spec) if name.isdigit()}
    parts = [listed(unknown_of(spec) - raw_ids), f"raw {listed(raw_ids)}" if raw_ids else ""]
    return " and ".join(filter(None, parts)) or "nothing"


def raw_id_table(folder: Path = FOLDER) -> list[str]:
    """Return what each raw id of a dataset is taken for: a line for all ids that every map takes alike."""
    registry = read_registry(folder)
    chosen, classes = registry.raw_ids, classes_of_raw_ids(registry.raw_ids["dataset"])
    specs = [registry.protocols[name].spec for name in chosen["protocols"]]
    lines: dict[tuple[str, ...], list[int]] = {}
    for raw_id in sorted({*classes, *chosen["more"]}):
        is_void = classes.get(raw_id) is None
        official = "absent" if raw_id in chosen["more"] else "void" if is_void else "known"
        trained = [SHORT[one["ids"].get(raw_id, official)] for one in chosen["training"]]
        taken = [SHORT[status(spec, raw_id, official)] for spec in specs]
        name = {**chosen["names"], **chosen["more"]}.get(raw_id, classes.get(raw_id))
        plain = {*trained, *taken} == {SHORT["known"]}
        lines.setdefault(("every other class" if plain else str(name), *trained, *taken), []).append(raw_id)
    rows = []
    for (name, *cells), raw_ids in lines.items():
        ids = listed(raw_ids) if len(raw_ids) <= MOST_IDS else f"{len(raw_ids)} more"
        shares = [chosen["shares"].get(raw_id) for raw_id in raw_ids]
        rows.append((ids, name, "" if None in shares else f"{sum(shares):.2f} %", *cells))
    trainings = [f"trained by {one['name']}" for one in chosen["training"]]
    head = ("raw id", "official", "share", *trainings, *(f"`{name}`" for name in chosen["protocols"]))
    return left_aligned(head, sorted(rows, key=lambda row: row[0].endswith("more")))


def status(spec: Spec, raw_id: int, official: str) -> str:
    """Return what a protocol takes a raw id for; what the dataset has not, only where the protocol names it."""
    return official if official == "absent" and raw_id not in spec.unknown_raw_ids else status_of(spec, raw_id)


def pairs(folder: Path = FOLDER) -> list[str]:
    """Return a line for each two protocols on the same data: what keeps them apart."""
    registry = read_registry(folder)
    ranked = [one for one in registry.protocols.values() if one.keys and unknown_of(one.spec)]
    return [
        f"- `{one.name}`, `{other.name}`: {'; '.join(differences(one.spec, other.spec, registry.remarks))}."
        for one, other in combinations(ranked, 2)
        if not differences(one.spec, other.spec, fields=("evaluate",))
    ]


def entries(folder: Path = FOLDER) -> list[str]:
    """Return a section for each protocol."""
    registry = read_registry(folder)
    return [line for protocol in registry.protocols.values() for line in entry(protocol, read_rows(folder))][:-1]


def entry(protocol: NamedProtocol, rows: Iterable[PublishedRow]) -> list[str]:
    """Return the section of a protocol: what it says, who uses it, how sure that is, and what was published."""
    lines = [f'### <a name="{protocol.name}"></a>`{protocol.name}`: {protocol.title}', ""]
    lines += [f"- **{name}.** {text}" for name, text in said(protocol) if text]
    of_protocol = [row for row in rows if row.protocol == protocol.name]
    return [*lines, "", *published_rows(of_protocol)]


def said(protocol: NamedProtocol) -> list[tuple[str, str]]:
    """Return what is said of a protocol, by what it is about."""
    about = [("Points", protocol.points), ("Training", protocol.training)]
    if protocol.keys:
        spec = protocol.spec
        data = f" of {protocol.data}" if protocol.data else ""
        roles = [("Train on", spec.train), ("Validate on", spec.validate), ("Evaluate on", spec.evaluate)]
        splits = " ".join(f"{verb} {described(role, in_full=True)}." for verb, role in roles if role)
        conventions = f"AUPR by {spec.ap}, FPR95 at {FPR95[spec.fpr95]}, {POOL[spec.pool]}."
        about = [
            ("Data", splits[:-1] + data + "."),
            ("Unknown", f"{named_unknown(spec).capitalize() if not unknown_of(spec) else named_unknown(spec)}."),
            *about,
            ("Conventions", conventions if unknown_of(spec) else ""),
            ("Objects", ", ".join(f"{key} {value}" for key, value in (spec.objects or {}).items())),
        ]
    return [
        *about,
        ("Metrics here that its papers print", ", ".join(f"`{name}`" for name in protocol.metrics)),
        ("Papers", "; ".join(protocol.papers)),
        (f"Source, {protocol.certainty}", "; ".join(map(cited, protocol.source))),
        ("Unclear", " ".join(protocol.unclear)),
    ]


def cited(source: Source) -> str:
    """Return a source, linked where it is a repository."""
    if not source.repository:
        return source.says
    name = ", ".join(filter(None, [f"{source.repository} @ {source.commit}", source.file]))
    place = f"blob/{source.commit}/{source.file}" if source.file else f"tree/{source.commit}"
    return f"[{name}](https://github.com/{source.repository}/{place}): {source.says}"


def published_rows(rows: Sequence[PublishedRow]) -> list[str]:
    """Return the table of the published numbers of a protocol, and what is still to be entered."""
    entered = [row for row in rows if row.status != MISSING]
    columns = [column for column in COLUMNS if any(column in row.numbers for row in entered)]
    head = ("method", "network", *columns, "source", "certainty")
    table = [*left_aligned(head, [numbers_of(row, columns) for row in entered]), ""] if entered else []
    notes = list(dict.fromkeys(note for row in rows for note in row.remarks))
    for row in entered:
        if row.iou:
            notes.append(f"IoU of {row.method}: {', '.join(f'{name} {iou}' for name, iou in row.iou.items())}.")
    for network in dict.fromkeys(row.backbone for row in rows):
        missing = [row.method for row in rows if (row.backbone, row.status) == (network, MISSING)]
        notes += [f"To be entered by hand, with {network}: {', '.join(missing)}."] if missing else []
    return [*table, *(f"- {note}" for note in notes), *[""] * bool(notes)]


def numbers_of(row: PublishedRow, columns: Sequence[str]) -> tuple[str, ...]:
    """Return a row's cells, numbers in percent."""
    numbers = [str(row.numbers.get(column, "")) for column in columns]
    more = [f"on learning {listed(row.taught)}" if row.taught else "", row.note]
    trained = [f"trained on {row.trained_on}"] if row.trained_on else []
    source = "; ".join(filter(None, [f"{row.paper}, {row.source}", *trained, *more]))
    return (row.method, row.backbone, *numbers, source, row.certainty)


def left_aligned(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the lines of a table of text."""
    return table_lines(head, rows, names=len(head))
