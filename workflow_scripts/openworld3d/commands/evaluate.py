"""Evaluate saved scores by a protocol of the registry: the steps of the pipeline, scan by scan and in one process.

Each scan is read, labelled, reduced to its statistics, and forgotten; the scores of the points that count go to
temporary files, from which they are ranked.
"""

from __future__ import annotations

import math
import sys
import tempfile
from pathlib import Path
from typing import Any, Iterator, cast

import numpy as np

from openworld3d.arrays import write_arrays
from openworld3d.commands.registry import RECIPE, config_of, named_protocol
from openworld3d.commands.scans import Scan, scans_of
from openworld3d.errors import UserError
from openworld3d.metrics import statistics
from openworld3d.metrics.bootstrap import Row
from openworld3d.metrics.method_metrics import check, evaluation_of, measure
from openworld3d.metrics.object_level import read_object_level, statistics_of_scene
from openworld3d.metrics.statistics import Points, Statistics
from openworld3d.plugins import load
from openworld3d.protocols.evaluation import labels_of_evaluation, read_labelling
from openworld3d.published.beside import beside
from openworld3d.published.reading import REGISTRY
from openworld3d.reports.markdown import table_lines
from openworld3d.reports.numbers import MISSING
from openworld3d.reports.printed import MARKS, notes_of, printed
from openworld3d.reports.table import ENDS, join, make_row
from openworld3d.reports.table_markdown import markdown
from openworld3d.saved_outputs.arrays import read_array
from openworld3d.saved_outputs.folder import SavedFolder, open_saved
from openworld3d.saved_outputs.scenes import Expected, read_scene
from openworld3d.scenes.scene import VOID, Scene
from openworld3d.workflow import protocols, rows, slices

Config = dict[str, Any]


def evaluate(protocol: str, labels: Path, scores: Path, threshold: float | None = None) -> str:
    """Return the table of a protocol for saved scores, in Markdown, and below it each metric with its interval.

    labels: the folder of the raw dataset; scores: that of a `.txt` or `.npy` for each scan; threshold: the score
    above which points are clustered into objects, None for the protocol's. Raises UserError.
    """
    named = named_protocol(protocol)
    saved, scans = open_scores(scores), scans_of(config_of(named, scores), labels)
    config = config_of(named, scores, {scan.split for scan in scans}, threshold)
    with tempfile.TemporaryDirectory() as folder:
        counted = CountedPoints(Path(folder))
        of_method = statistics_of(config, scans, saved, counted)
        if not counted.files:
            fewest = config["protocols"][protocol].get("min_unknown_points", 0)
            raise UserError(
                f"{labels}: none of its {len(scans)} scans counts, as none has {fewest} unknown points, expected one "
                "or more; evaluate scans that have some"
            )
        asked = slices.measure_slice(config, protocol, RECIPE)
        check(str(labels), of_method, asked["unknown"])
        print(f"{len(counted.files)} of {len(scans)} scans count", file=sys.stderr)
        evaluation = evaluation_of(of_method, asked)
        result = measure(evaluation, asked["replicates"], counted)
    return report(config, result.metrics, result.replicates, len(scans))


class CountedPoints:
    """The score (N,) of each scan's points that count, and whether they are unknown (N,), in files of a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files: list[Path] = []

    def add(self, score: np.ndarray, unknown: np.ndarray) -> None:
        """Add a scan."""
        self.files.append(self.folder / f"{len(self.files)}.npz")
        write_arrays(self.files[-1], {"score": score, "unknown": unknown})

    def __iter__(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for file in self.files:
            with np.load(file) as arrays:
                yield arrays["score"], arrays["unknown"]


def statistics_of(config: Config, scans: list[Scan], saved: SavedFolder, counted: CountedPoints) -> Statistics:
    """Return the statistics of all scans that count, and add their points to `counted`."""
    (protocol,) = config["protocols"]
    asked, classes = slices.score_slice(config, protocol, "saved_score"), classes_of(config, protocol)
    known = [classes.index(name) for name in protocols.network_classes(config, protocol)]
    unknown = [classes.index(name) for name in protocols.unknown(config, protocol)]
    level = read_object_level(asked["objects"], None, saved.has_instances)
    above = level.threshold if level else math.nan
    parts = [statistics.of_no_scene(classes, asked["bits"], math.nan, above)]
    for scan in scans:
        scene = labelled(config, scan)
        if scene is None:
            continue
        found = read_scene(saved, scan.name, scene=Expected(scene.coord, scene.is_point))
        score = found.outputs["saved_score"][:, 0][found.inverse]
        points = Points(scene.label, np.full(len(scene), VOID, np.uint8), score)
        parts.append(
            statistics_of_scene(
                scan.name, scene, points, classes, known, asked["bits"], math.nan, level, found.instance
            )
        )
        counts = scene.label != VOID
        counted.add(score[counts], np.isin(scene.label[counts], unknown))
    return statistics.merge(parts)


def open_scores(folder: Path) -> SavedFolder:
    """Return what a folder has; raises UserError where that is no scores."""
    saved = open_saved(folder)
    if not saved.scenes:
        raise UserError(
            f"{folder}: has no scores, expected a .npy or .txt for each scan, such as 125/000000.txt; give their "
            "folder as --scores"
        )
    if "saved_score" not in saved.outputs:
        for file in next(iter(saved.scenes.values())).values():
            read_array(file)  # which says what is wrong with one that holds no numbers
        raise UserError(
            f"{folder}: has {' and '.join(sorted(saved.outputs)) or 'no score of every scan'}, expected scores; save "
            "one number for each point, or let openworld3d score compute them"
        )
    return saved


def classes_of(config: Config, protocol: str) -> list[str]:
    """Return the classes that evaluated points may have."""
    if protocols.relabels(config, protocol):
        return cast("list[str]", protocols.labelling(config, protocol)["classes"])
    return protocols.network_classes(config, protocol)


def labelled(config: Config, scan: Scan) -> Scene | None:
    """Return a scan with the labels by which a protocol evaluates it, None where it does not count."""
    (protocol,) = config["protocols"]
    layout = protocols.evaluated(config, protocol).dataset
    scene = load("datasets", layout).read_scene(scan.root, scan.name, **scan.keys).scene
    if not protocols.relabels(config, protocol):
        return cast(Scene, scene)
    labelling = read_labelling(protocols.labelling(config, protocol))
    try:
        labels = labels_of_evaluation(scene, protocols.classes_of(config, layout), labelling)
    except UserError as error:
        raise UserError(f"{scan.root}: scan {scan.name} {error}") from None
    if labels is None:
        return None
    scene.label = labels.label
    return cast(Scene, scene)


def report(config: Config, metrics: dict[str, Any], replicates: dict[str, np.ndarray], scans: int) -> str:
    """Return the table in Markdown, and below it each metric with its bootstrap interval in full precision."""
    table = rows.table_slice(config, config["table"])
    published = beside(rows.asked_of_papers(config, config["table"]), REGISTRY)
    (identity,), names = table["rows"], table["metrics"]
    row = make_row(identity, metrics, replicates, table["conventions"][identity["protocol"]])
    tables = printed([row], names, published["rows"])
    of_papers = published["notes"]
    if published["rows"]:
        # A dataset's list of scans is not known here, so that a sequence may lack some unseen.
        of_papers = [
            *of_papers,
            f"The published rows are of all scans of the split, the others of the {scans} found.",
        ]
    notes = notes_of(tables, [row], names, table, MARKS, of_papers)
    return "\n".join([markdown(tables, notes, table["table"]), *intervals(row, names)])


def intervals(row: Row, metrics: list[str]) -> list[str]:
    """Return the lines of a table of each metric, and the ends of its interval over scans."""
    line = join([row], metrics).iloc[0]
    cells = [[name, *(in_full(line[f"{name}{end}"]) for end in ("", *ENDS))] for name in metrics]
    return table_lines(["metric", "value", "95 % from", "to"], cells, 1)


def in_full(value: Any) -> str:
    """Return a number as the table's .csv has it."""
    return MISSING if value is None else repr(float(value))
