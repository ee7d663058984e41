"""The configs of the generators: each mistake is a sentence that names the key."""

from __future__ import annotations

import json
from typing import Any

import pytest

from openworld3d.errors import UserError
from openworld3d.generators.config import RoomsConfig, StreetAnomaliesConfig, StreetsConfig, read_config

ROOMS: dict[str, Any] = {"train": 5, "val": 1, "seed": 3, "spacing": 0.06}
STREETS: dict[str, Any] = {"sequences": 2, "scans": 2, "seed": 7}
ANOMALIES: dict[str, Any] = {**STREETS, "anomalies": 4}


@pytest.mark.parametrize(
    ("written", "kind"), [(ROOMS, RoomsConfig), (STREETS, StreetsConfig), (ANOMALIES, StreetAnomaliesConfig)]
)
def test_right_config_is_what_was_written(written: dict[str, Any], kind: type) -> None:
    assert vars(read_config(json.dumps(written), kind)) == written


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        ("{train: 1}", RoomsConfig, "is not JSON"),
        ("{scans: 1}", StreetsConfig, "is not JSON"),
        ("[1]", RoomsConfig, "found list, expected an object"),
        ("[1]", StreetsConfig, "found list, expected an object"),
        (json.dumps({**ROOMS, "spacin": 1}), RoomsConfig, "unknown key 'spacin', did you mean spacing"),
        (json.dumps({**STREETS, "sequence": 1}), StreetsConfig, "unknown key 'sequence', did you mean sequences"),
        (json.dumps({"train": 1, "val": 1, "seed": 0}), RoomsConfig, "the key 'spacing' is missing"),
        (json.dumps({"scans": 1, "seed": 0}), StreetsConfig, "the key 'sequences' is missing"),
        (json.dumps({**ROOMS, "spacing": 3}), RoomsConfig, "spacing is 3, expected a number from 0.01 to 0.1"),
        (json.dumps({**ROOMS, "train": -1}), RoomsConfig, "train is -1, expected a whole number from 0 to 5000"),
        (
            json.dumps({**STREETS, "sequences": 101}),
            StreetsConfig,
            "sequences is 101, expected a whole number from 1 to",
        ),
        (json.dumps(STREETS), StreetAnomaliesConfig, "the key 'anomalies' is missing; add it, 1 to 10"),
        (
            json.dumps({**ANOMALIES, "anomalies": 11}),
            StreetAnomaliesConfig,
            "anomalies is 11, expected a whole number",
        ),
        (json.dumps(ANOMALIES), StreetsConfig, "unknown key 'anomalies'; the keys are sequences, scans, seed"),
        (json.dumps({**STREETS, "scans": 0}), StreetsConfig, "scans is 0, expected a whole number from 1"),
        (json.dumps({**ROOMS, "val": 1.5}), RoomsConfig, "val is 1.5, expected"),
        (json.dumps({**STREETS, "scans": 1.5}), StreetsConfig, "scans is 1.5, expected"),
        (json.dumps({**ROOMS, "seed": True}), RoomsConfig, "seed is True, expected"),
        (json.dumps({**STREETS, "seed": True}), StreetsConfig, "seed is True, expected"),
    ],
)
def test_wrong_config_is_a_sentence(text: str, kind: type, message: str) -> None:
    with pytest.raises(UserError, match=message):
        read_config(text, kind)
