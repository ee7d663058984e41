"""The labels of an evaluation, by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from openworld3d.errors import UserError
from openworld3d.protocols.counted import Counting
from openworld3d.protocols.evaluation import Labelling, labels_of_evaluation, read_labelling
from openworld3d.scenes.scene import VOID, Scene

EVALUATED = ["car", "road", "curb", "sofa"]
CONFIG: dict[str, Any] = {
    "classes": ["road", "car", "raw id 52", "inlier"],
    "class_of": {"car": "car", "road": "road", "curb": "road", "sofa": "void"},
    "class_of_raw_id": {"52": "raw id 52", "99": "inlier", "60": "void"},
    "unknown": ["raw id 52"],
    "range": None,
    "min_unknown_points": 0,
}
LABELLING = read_labelling(CONFIG)
LABEL = [0, 1, 2, 3, VOID, VOID, VOID, 1]
RAW = [10, 40, 41, 7, 52, 99, 0, 60]
DISTANCE = [1.0, 2.5, 3, 4, 5, 6, 7, 50]


def scene(**changed: Any) -> Scene:
    """Return a scene of a point of each kind along an axis."""
    coord = np.zeros((8, 3), np.float32)
    coord[:, 0] = DISTANCE
    label, raw = np.array(LABEL, np.uint8), np.array(RAW, np.uint16)
    made = Scene(coord, label, np.full(8, -1, np.int32), raw=raw, origin_is_sensor=True)
    return replace(made, **changed)


@pytest.mark.parametrize(
    ("counting", "expected"),
    [
        (Counting(), [1, 0, 0, VOID, 2, 3, VOID, VOID]),
        (Counting(range=(2.5, 5)), [VOID, 0, 0, VOID, 2, VOID, VOID, VOID]),
        (Counting(range=(5, 50), min_unknown_points=1), [VOID] * 4 + [2, 3, VOID, VOID]),
        (Counting(range=(6, 50), min_unknown_points=1), None),
        (Counting(min_unknown_points=2), None),
    ],
)
def test_raw_ids_go_before_classes_and_what_does_not_count_is_void(
    counting: Counting, expected: list[int] | None
) -> None:
    found = labels_of_evaluation(scene(), EVALUATED, replace(LABELLING, counting=counting))
    assert (None if found is None else found.label.tolist()) == expected
    if found is not None:
        assert found.void_ids == {"0": 1, "7": 1, "60": 1}
        assert found.label.dtype == np.uint8


@pytest.mark.parametrize(
    ("changed", "labelling", "sentence"),
    [
        ({"raw": None}, LABELLING, "has no raw ids, though the protocol names some"),
        (
            {"origin_is_sensor": False},
            replace(LABELLING, counting=Counting(range=(0, 9))),
            "has no sensor from which",
        ),
    ],
)
def test_scene_that_lacks_what_the_protocol_needs_is_refused(
    changed: dict[str, Any], labelling: Labelling, sentence: str
) -> None:
    with pytest.raises(UserError, match=sentence):
        labels_of_evaluation(scene(**changed), EVALUATED, labelling)


def test_scene_without_raw_ids_is_labelled_by_class() -> None:
    by_class = read_labelling({**CONFIG, "class_of_raw_id": {}})
    found = labels_of_evaluation(scene(raw=None), EVALUATED, by_class)
    assert found is not None
    assert found.label.tolist() == [1, 0, 0, VOID, VOID, VOID, VOID, 0]
    assert found.void_ids == {}
