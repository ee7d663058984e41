"""Which of the files that a job of a table reads belong to which row and which protocol."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Any, Mapping, NamedTuple, Sequence

from openworld3d.inference.shards import number_and_count
from openworld3d.scenes.manifests import Scenes, read_evaluation


class Files(NamedTuple):
    """The files of one row of a table: its statistics, scores and outputs, of all shards."""

    statistics: Sequence[Path]
    scores: Sequence[Path]
    outputs: Sequence[Path]


def protocols_of(config: Mapping[str, Any]) -> list[str]:
    """Return the protocols of a table in its own order, in which their files are given."""
    return list(dict.fromkeys(row["protocol"] for row in config["rows"]))


def files_of_rows(
    rows: int, statistics: Sequence[Path], scores: Sequence[Path], outputs: Sequence[Path]
) -> list[Files]:
    """Return the files of each row, as many as its protocol has shards."""
    lists = [iter(files) for files in (statistics, scores, outputs)]
    found, at = [], 0
    for _ in range(rows):
        _, shards = number_and_count(statistics[at].stem)
        found.append(Files(*(list(islice(files, shards)) for files in lists)))
        at += shards
    return found


def scenes_of_protocols(
    config: Mapping[str, Any], manifests: Sequence[Path], labels: Sequence[Path]
) -> dict[str, Scenes]:
    """Return the evaluation scenes of each protocol."""
    left, left_labels = iter(manifests), iter(labels)
    found: dict[str, Scenes] = {}
    for name in protocols_of(config):
        protocol = config["protocols"][name]
        count = len(protocol["evaluate"]["splits"])
        of_labels = list(islice(left_labels, count if protocol["relabelled"] else 0))
        found[name] = read_evaluation(list(islice(left, count)), of_labels)
    return found
