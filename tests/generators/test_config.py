"""What the generators are asked: each mistake is a sentence that names the key."""

from __future__ import annotations

import json
from typing import Any

import pytest

import generate_rooms
import generate_streets
from openworld3d.errors import UserError
from openworld3d.generators.config import Limits, read_config

ROOMS: dict[str, Any] = {"train": 5, "val": 1, "seed": 3, "spacing": 0.06}
STREETS: dict[str, Any] = {"sequences": 2, "scans": 2, "seed": 7}
OF_ROOMS: Limits = generate_rooms.LIMITS
OF_STREETS: Limits = generate_streets.LIMITS


@pytest.mark.parametrize(("asked", "limits"), [(ROOMS, OF_ROOMS), (STREETS, OF_STREETS)])
def test_right_configuration_is_what_was_written(asked: dict[str, Any], limits: Limits) -> None:
    assert read_config(json.dumps(asked), limits) == asked


@pytest.mark.parametrize(
    ("text", "limits", "message"),
    [
        ("{train: 1}", OF_ROOMS, "is not JSON"),
        ("{scans: 1}", OF_STREETS, "is not JSON"),
        ("[1]", OF_ROOMS, "found list, expected an object"),
        ("[1]", OF_STREETS, "found list, expected an object"),
        (json.dumps({**ROOMS, "spacin": 1}), OF_ROOMS, "unknown key 'spacin', did you mean spacing"),
        (json.dumps({**STREETS, "sequence": 1}), OF_STREETS, "unknown key 'sequence', did you mean sequences"),
        (json.dumps({"train": 1, "val": 1, "seed": 0}), OF_ROOMS, "the key 'spacing' is missing"),
        (json.dumps({"scans": 1, "seed": 0}), OF_STREETS, "the key 'sequences' is missing"),
        (json.dumps({**ROOMS, "spacing": 3}), OF_ROOMS, "spacing is 3, expected a number from 0.01 to 0.1"),
        (json.dumps({**ROOMS, "train": -1}), OF_ROOMS, "train is -1, expected a whole number from 0 to 5000"),
        (
            json.dumps({**STREETS, "sequences": 101}),
            OF_STREETS,
            "sequences is 101, expected a whole number from 1 to",
        ),
        (json.dumps({**STREETS, "scans": 0}), OF_STREETS, "scans is 0, expected a whole number from 1"),
        (json.dumps({**ROOMS, "val": 1.5}), OF_ROOMS, "val is 1.5, expected"),
        (json.dumps({**STREETS, "scans": 1.5}), OF_STREETS, "scans is 1.5, expected"),
        (json.dumps({**ROOMS, "seed": True}), OF_ROOMS, "seed is True, expected"),
        (json.dumps({**STREETS, "seed": True}), OF_STREETS, "seed is True, expected"),
    ],
)
def test_wrong_configuration_is_told_in_a_sentence(text: str, limits: Limits, message: str) -> None:
    with pytest.raises(UserError, match=message):
        read_config(text, limits)
