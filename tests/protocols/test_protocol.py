from __future__ import annotations

import numpy as np
import pytest

from openworld3d.errors import UserError
from openworld3d.protocols.columns import check_columns, check_untaught
from openworld3d.protocols.protocol import make_protocol
from openworld3d.scenes.scene import VOID

CLASSES = ["wall", "sofa", "lamp"]


def test_columns_are_the_known_classes_in_order() -> None:
    protocol = make_protocol(CLASSES, ["sofa"])
    assert protocol.known == ["wall", "lamp"]
    label = np.array([2, 1, 0, VOID], np.uint8)
    assert protocol.targets(label).tolist() == [1, 255, 0, 255]
    assert protocol.is_unknown(label).tolist() == [False, True, False, False]


def test_class_that_does_not_exist_is_refused() -> None:
    with pytest.raises(UserError, match="class soffa does not exist in the dataset, did you mean sofa"):
        make_protocol(CLASSES, ["soffa"])


FOUR_CLASSES = ["wall", "sofa", "table", "lamp"]


@pytest.mark.parametrize("columns", [["wall", "table", "lamp"], ["lamp", "wall", "table"]])
def test_known_classes_in_any_order(columns: list[str]) -> None:
    check_columns("here", columns, FOUR_CLASSES, ["sofa"])


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        (["wall", "table", "lampp"], "^here says lampp, but class lampp does not exist, did you mean lamp$"),
        (["wall", "table", "lamp", "sofa"], "^here says sofa, which the protocol holds unknown: .*; choose another"),
        (["wall"], "^here lacks table, lamp, which are known classes of the protocol; name every class"),
    ],
)
def test_other_classes_are_refused(columns: list[str], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        check_columns("here", columns, FOUR_CLASSES, ["sofa"])


@pytest.mark.parametrize("untaught", [["sofa"], ["lamp", "sofa"], []])
def test_untaught_columns_are_of_unknown_classes(untaught: list[str]) -> None:
    check_untaught("here", untaught, FOUR_CLASSES, FOUR_CLASSES, ["sofa", "lamp"])


@pytest.mark.parametrize(
    ("untaught", "sentence"),
    [
        ("soffa", "^here says soffa, but class soffa does not exist, did you mean sofa$"),
        (
            "wall",
            "^here says wall, which is known: labels must have trained its logit; make it unknown, or leave it out$",
        ),
        ("lamp", "^here says lamp, which pretrained_classes does not have; name every logit there, in order"),
    ],
)
def test_other_untaught_columns_are_refused(untaught: str, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        check_untaught("here", [untaught], FOUR_CLASSES[:3], FOUR_CLASSES, ["sofa", "lamp"])
