"""The labels of an evaluation: what a protocol makes of the labels of the dataset that it evaluates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Mapping, NamedTuple

import numpy as np

from openworld3d.errors import UserError
from openworld3d.protocols.counted import Counting, counted_points
from openworld3d.scenes.scene import VOID, Scene, points_of_ids


@dataclass(frozen=True)
class Labelling:
    """The class of each point of an evaluated dataset.

    classes: those that labels may have, first those of the dataset that networks know.
    class_of: for each class of the evaluated dataset the one of `classes` that its points get, or `void`.
    class_of_raw_id: likewise for raw ids, which go before classes.
    unknown: those of `classes` that are unknown.
    """

    classes: list[str]
    class_of: dict[str, str]
    class_of_raw_id: dict[int, str]
    unknown: list[str]
    counting: Counting


def read_labelling(config: Mapping[str, Any]) -> Labelling:
    """Read the JSON of a labelling: its fields, `range` and `min_unknown_points`."""
    values = dict(config)
    ends = values.pop("range")
    counting = Counting(None if ends is None else (ends[0], ends[1]), values.pop("min_unknown_points"))
    ids = {int(raw_id): name for raw_id, name in values.pop("class_of_raw_id").items()}
    return Labelling(**values, class_of_raw_id=ids, counting=counting)


class Labels(NamedTuple):
    """The labels of a scene by which it is evaluated: (N,) uint8, 255 where a point does not count.

    void_ids: the points of each raw id that no class is for, whatever their range, as far as the scene has raw ids.
    """

    label: np.ndarray
    void_ids: dict[str, int]


def labels_of_evaluation(scene: Scene, classes: list[str], labelling: Labelling) -> Labels | None:
    """Return the labels of a scene by which it is evaluated, None where it has too few unknown points to count.

    classes: those of the scene's own labels. Raises UserError for raw ids where the scene has none, and for a range
    where it has no sensor.
    """
    index = {"void": VOID, **{name: number for number, name in enumerate(labelling.classes)}}
    table = np.full(VOID + 1, VOID, np.uint8)
    table[: len(classes)] = [index[labelling.class_of[name]] for name in classes]
    label = table[scene.label]
    if labelling.class_of_raw_id and scene.raw is None:
        raise UserError("has no raw ids, though the protocol names some; name classes in their place")
    for raw_id, name in labelling.class_of_raw_id.items():
        label[scene.raw == raw_id] = index[name]
    if labelling.counting.range is not None and not scene.origin_is_sensor:
        raise UserError("has no sensor from which a range could be measured; leave range out of the protocol")
    unknown = np.isin(label, [index[name] for name in labelling.unknown])
    counted = counted_points(scene.coord, label == VOID, unknown, labelling.counting)
    if counted is None:
        return None
    void_ids = {} if scene.raw is None else points_of_ids(scene.raw[label == VOID])
    return Labels(np.where(counted, label, np.uint8(VOID)), void_ids)
