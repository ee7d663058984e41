"""The scenes of a report: which of a protocol's evaluation scenes, and a sample of their points as bytes."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Mapping, NamedTuple, Sequence

import numpy as np

from openworld3d.metrics.histograms import bin_of
from openworld3d.reports.distributions import Distribution
from openworld3d.scenes.manifests import Scenes
from openworld3d.scenes.scene import Scene, load_scene
from openworld3d.scoring.scored_scenes import ScoredScene, scored_scenes

POINTS = 30_000  # of a scene, at most
BYTES = 7_000_000  # of all scenes of a report, about
FEWEST_POINTS = 4_000
UNKNOWN_SHARE = 1 / 3  # of a sample, at most
COORDINATE_LEVELS = 2**16 - 1
FLAGGED = 128  # added to the level of a score at or above the threshold
CEILING = 0.1  # of the height: where so large a share of the points lies in it, the upper part hides the rest
ROLES = ("best", "median", "worst")


class Blob:
    """The bytes of all arrays of a report, one after the other."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.size = 0

    def add(self, array: np.ndarray) -> int:
        """Append an array, and return where it begins: at a multiple of its items' size."""
        padding = -self.size % array.itemsize
        begins = self.size + padding
        self.parts += [b"\0" * padding, array.tobytes()]
        self.size = begins + array.nbytes
        return begins

    def bytes(self) -> bytes:
        """Return all of it."""
        return b"".join(self.parts)


class Scored(NamedTuple):
    """A row of a table with what colours its points, and the manifests of its scores and outputs.

    run: its number, whose predictions it shares; recalling: the bin from which on scores are flagged.
    """

    row: int
    run: int
    distribution: Distribution
    recalling: int
    scores: Sequence[Path]
    outputs: Sequence[Path]


def chosen_scenes(by_scene: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Return the scene with the best, the median and the worst AUPR, and as what each was chosen.

    Fewer scenes are all there are; those where AUPR is not defined are left out while others are there.
    """
    aupr = {name: found["aupr"] for name, found in by_scene.items() if found["aupr"] is not None}
    order = sorted(aupr, key=lambda name: -aupr[name]) or sorted(by_scene)
    if len(order) < len(ROLES):
        return dict(zip(order, ("best", "worst") if aupr and len(order) == 2 else ("only",) * len(order)))
    return dict(zip((order[0], order[len(order) // 2], order[-1]), ROLES))


def points_of_each(scenes: int, methods: int) -> int:
    """Return how many points of each scene a report holds that shows some scenes with some methods."""
    return min(POINTS, max(FEWEST_POINTS, BYTES // max(1, scenes * (10 + 2 * methods))))


def sample(is_unknown: np.ndarray, most: int) -> np.ndarray:
    """Return the indices of the points that are shown, in rising order: (N,) bool -> (M,).

    Unknown points are kept as long as they are not more than a third of the sample, since some scenes have few.
    """
    generator = np.random.default_rng(0)
    if len(is_unknown) <= most:
        return np.arange(len(is_unknown))
    unknown, known = np.flatnonzero(is_unknown), np.flatnonzero(~is_unknown)
    evenly = round(most * len(unknown) / len(is_unknown))
    kept = min(len(unknown), max(evenly, int(most * UNKNOWN_SHARE)))
    parts = [generator.choice(unknown, kept, False), generator.choice(known, min(len(known), most - kept), False)]
    return np.sort(np.concatenate(parts))


def pack_scene(name: str, scenes: Scenes, methods: Sequence[Scored], most: int, blob: Blob) -> dict[str, Any]:
    """Add a sample of a scene's points to the blob: coordinates, colours, labels, and what each method says of them.

    Returns where each array begins, predictions by run and scores by row of the table.
    """
    file = scenes.find(name)
    scene = load_scene(file.path, scenes.classes, file.labels)
    chosen = sample(np.isin(scene.label, methods[0].distribution.sides.unknown), most)
    packed: dict[str, Any] = {"name": name, "points": len(scene), "shown": len(chosen)}
    packed.update(pack_coordinates(scene.coord[chosen], blob))
    packed["colour"] = blob.add(np.ascontiguousarray(appearance(scene)[chosen]))
    packed["truth"] = blob.add(scene.label[chosen])
    predictions: dict[int, int] = {}
    scores: dict[int, int] = {}
    for method in methods:
        found = {scored.name: scored for scored in scored_scenes(method.scores, method.outputs, scenes)}
        if name not in found:
            continue
        if method.run not in predictions:
            predictions[method.run] = blob.add(found[name].prediction()[chosen])
        scores[method.row] = blob.add(levels(found[name], method, chosen))
    return {**packed, "predictions": predictions, "scores": scores}


def levels(scored: ScoredScene, method: Scored, chosen: np.ndarray) -> np.ndarray:
    """Return the level of each chosen point's score among the known points' scores, 128 added where it is flagged."""
    distribution = method.distribution
    bins = bin_of(scored.score()[chosen], distribution.bits)
    at = np.searchsorted(distribution.bins, bins).clip(0, len(distribution.bins) - 1)
    flagged = bins >= method.recalling
    return (distribution.levels()[at] + FLAGGED * flagged).astype(np.uint8)


def pack_coordinates(coord: np.ndarray, blob: Blob) -> dict[str, Any]:
    """Add coordinates (M, 3) to the blob in steps of 1/65535 of the longest side; return them and their box."""
    low = coord.min(axis=0).astype(np.float64)
    extent = coord.max(axis=0) - low
    side = max(float(extent.max()), 1e-6)
    steps = np.rint((coord - low) / side * COORDINATE_LEVELS).astype("<u2")
    height = steps[:, 2] / max(1, int(steps[:, 2].max()))
    covered = float((height > 1 - CEILING).mean()) > CEILING
    return {
        "coord": blob.add(steps),
        "side": side,
        "extent": extent.round(2).tolist(),
        "cut": 1 - CEILING if covered else 1,
    }


def appearance(scene: Scene) -> np.ndarray:
    """Return the colours of points as they were scanned, intensity as grey, all grey without either: (N, 3) uint8."""
    if scene.color is not None:
        return scene.color
    grey = np.full(len(scene), 0.6) if scene.intensity is None else scene.intensity
    return np.repeat((np.sqrt(grey.clip(0, 1)) * 255).astype(np.uint8)[:, None], 3, axis=1)
