"""The picture of scenes: what is unknown, and what the first and the best method of a table say of it."""

from __future__ import annotations

from typing import Any, Mapping, NamedTuple, Sequence

import numpy as np

from openworld3d.metrics.bootstrap import Row, best
from openworld3d.reports.clouds import ANCHORS, colour
from openworld3d.reports.distributions import DECADES
from openworld3d.reports.picture import draw, of_truth, view_of
from openworld3d.scenes.manifests import Scenes
from openworld3d.scenes.scene import VOID, Scene, load_scene
from openworld3d.scoring.scored_scenes import ScoredScene

MOST_SCENES = 3  # of as many protocols
POINTS = 150_000  # of a scene, at most
CEILING = 0.1  # of the height: where so large a share of the points lies in it, the upper part hides the rest


class Shown(NamedTuple):
    """A row of pictures: what it is of, the title of each picture, and the pictures, (H, W, 4) uint8 each."""

    name: str
    titles: list[str]
    images: list[np.ndarray]


def compared(rows: Sequence[Row]) -> list[Row]:
    """Return the rows of a protocol that are shown: the first of the table, and that of the highest AUPR."""
    candidates = [row for row in rows if not row.identity["trains_on_unknown"]] or list(rows)
    top = best(candidates, "aupr") or candidates[-1]
    return [candidates[0]] if top is candidates[0] else [candidates[0], top]


def median_scene(by_scene: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the scene with the median AUPR, the upper one of two; the first where it is defined in none."""
    defined = sorted((found["aupr"], name) for name, found in by_scene.items() if found["aupr"] is not None)
    return defined[len(defined) // 2][1] if defined else min(by_scene)


def show_scene(
    name: str, scenes: Scenes, unknown: Sequence[str], methods: Sequence[tuple[Row, ScoredScene]]
) -> Shown:
    """Return pictures of a scene: its unknown points, and for each method how its points rank by score.

    The colour of a point follows the share of the scene's known points with a higher score, so that methods compare.
    """
    file = scenes.find(name)
    scene = load_scene(file.path, scenes.classes, file.labels)
    kept = shown_points(scene)
    view, label = view_of(scene.coord[kept]), scene.label[kept]
    is_unknown = np.isin(label, [scenes.classes.index(one) for one in unknown])
    titles, images = ["unknown in magenta"], [draw(view, of_truth(appearance(scene)[kept], is_unknown))]
    for row, scored in methods:
        level = levels(scored.score()[kept], ~is_unknown & (label != VOID))
        titles.append(f"{row.identity['method']}, AUPR {aupr_of(row, name)}")
        images.append(draw(view, colour(level, 0, 1)))
    return Shown(f"{row.identity['protocol']}: {name}", titles, images)


def aupr_of(row: Row, scene: str) -> str:
    """Return the AUPR of a method in a scene in percent."""
    value = row.metrics["by_scene"][scene]["aupr"]
    return "n/a" if value is None else f"{100 * value:.1f} %"


def shown_points(scene: Scene) -> np.ndarray:
    """Return the indices of the points that are drawn: a sample, without the ceiling."""
    height = scene.coord[:, 2]
    top = height.max() - CEILING * (height.max() - height.min())
    indices = np.flatnonzero(height <= top) if (height > top).mean() > CEILING else np.arange(len(scene))
    if len(indices) > POINTS:
        indices = np.sort(np.random.default_rng(0).choice(indices, POINTS, replace=False))
    return indices


def levels(score: np.ndarray, is_known: np.ndarray) -> np.ndarray:
    """Return 0 for points below all known ones and 1 for those that at most 0.1 % of these exceed: (N,).

    In between it is the negative logarithm of that share, over its three decades.
    """
    known = np.sort(score[is_known])
    share = 1 - np.searchsorted(known, score, "left") / max(1, len(known))
    return np.clip(-np.log10(np.maximum(share, 10.0**-DECADES)) / DECADES, 0, 1)


def appearance(scene: Scene) -> np.ndarray:
    """Return the colours of points as they were scanned, intensity as grey, all grey without either: (N, 3) uint8."""
    if scene.color is not None:
        return scene.color
    grey = np.full(len(scene), 0.6) if scene.intensity is None else scene.intensity
    return np.repeat((np.sqrt(grey.clip(0, 1)) * 255).astype(np.uint8)[:, None], 3, axis=1)


def draw_scenes(shown: Sequence[Shown]) -> Any:
    """Return a figure with a row of pictures for each scene, and the colours of the scores below."""
    from matplotlib import pyplot
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import LinearSegmentedColormap

    columns = max(len(one.images) for one in shown)
    figure, panels = pyplot.subplots(
        len(shown), columns, figsize=(3.4 * columns, 2.9 * len(shown) + 0.5), squeeze=False, layout="constrained"
    )
    for of_row, one in zip(panels, shown):
        for panel in of_row:
            panel.set(xticks=[], yticks=[], frame_on=False)
        for panel, title, image in zip(of_row, one.titles, one.images):
            panel.imshow(image)
            panel.set_title(title, fontsize=9)
        of_row[0].set_ylabel(one.name, fontsize=8)
    colours = ScalarMappable(cmap=LinearSegmentedColormap.from_list("scores", ANCHORS / 255))
    bar = figure.colorbar(colours, ax=panels, location="bottom", shrink=0.5, aspect=40, pad=0.02)
    bar.set_label("share of known points whose score is as high or higher", fontsize=8)
    ticks = range(DECADES + 1)
    bar.set_ticks([tick / DECADES for tick in ticks], labels=[f"{100 / 10**tick:g} %" for tick in ticks], fontsize=7)
    return figure
