from __future__ import annotations

import pytest

from openworld3d.errors import UserError
from openworld3d.protocols.columns import check_columns

CLASSES = ["wall", "sofa", "table", "lamp"]


@pytest.mark.parametrize("columns", [["wall", "table", "lamp"], ["lamp", "wall", "table"]])
def test_known_classes_in_any_order(columns: list[str]) -> None:
    check_columns("here", columns, CLASSES, ["sofa"])


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        (["wall", "table", "lampp"], "^here says lampp, but class lampp does not exist, did you mean lamp$"),
        (["wall", "table", "lamp", "sofa"], "^here says sofa, which the protocol holds unknown: .*; choose another"),
        (["wall"], "^here lacks table, lamp, which the protocol knows; name every class"),
    ],
)
def test_other_classes_are_refused(columns: list[str], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        check_columns("here", columns, CLASSES, ["sofa"])
