from __future__ import annotations

import numpy as np
import pytest

from openworld3d.protocols.protocol import make_protocol
from openworld3d.pseudo_labels.masks import COLOURS, cases, describe_cases
from openworld3d.scenes.scene import VOID

WALL, SOFA, LAMP = range(3)
PROTOCOL = make_protocol(["wall", "sofa", "lamp"], ["sofa"])


@pytest.mark.parametrize(
    ("marked", "label", "expected"),
    [
        (True, SOFA, "marked_unknown"),
        (True, WALL, "marked_known"),
        (True, LAMP, "marked_known"),
        (True, VOID, "neither"),
        (False, SOFA, "unmarked_unknown"),
        (False, WALL, "neither"),
        (False, VOID, "neither"),
    ],
)
def test_case_of_a_point(marked: bool, label: int, expected: str) -> None:
    (number,) = cases(np.array([marked]), np.array([label], np.uint8), PROTOCOL)
    assert list(COLOURS)[number] == expected


@pytest.mark.parametrize(
    ("count", "precision", "recall"),
    [
        ([3, 1, 6, 5], 3 / 4, 3 / 9),
        ([0, 2, 4, 0], 0, 0),
        ([0, 0, 4, 1], None, 0),
        ([0, 2, 0, 1], 0, None),
        ([0, 0, 0, 7], None, None),
    ],
)
def test_precision_and_recall_by_hand(count: list[int], precision: float | None, recall: float | None) -> None:
    told = describe_cases(np.array(count))
    assert told == {"points": dict(zip(COLOURS, count)), "precision": precision, "recall": recall}


def test_colours_differ() -> None:
    assert len(set(COLOURS.values())) == len(COLOURS) == 4
