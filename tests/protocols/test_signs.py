"""Signs that files are not as the config says, in the entries of manifests."""

from __future__ import annotations

from typing import Any

import pytest

from openworld3d.protocols.signs import signs

SCENE: dict[str, Any] = {
    "name": "three",
    "points": 13,
    "extent": [5.0, 1.5, 2.5],
    "extent_within": [3.0, 1.5, 2.5],
    "cubic_metres": 4,
    "resolution": 0.0,
    "brightness": {},
}
STRANGE: dict[str, tuple[dict[str, object], str]] = {
    "map coordinates in float32": (
        {"resolution": 0.5},
        "store coordinates too coarsely; write them in float64, or a .las with scales of millimetres: three (0.5 m).",
    ),
    "degrees": (
        {"extent": [0.0015, 0.001, 12]},
        "are less than a metre wide; write coordinates in metres: three (0.0015 m).",
    ),
    "millimetres": (
        {"extent": [6000, 5000, 2500], "extent_within": [6000, 5000, 2500], "cubic_metres": 13},
        "have hardly more than one point per occupied cubic metre; write coordinates in metres: three (6000 m wide).",
    ),
    "nodata": (
        {"extent": [10007, 10007, 10001], "extent_within": [8, 7, 2]},
        "have points far from 99.9 % of them; remove stray points and nodata values such as -9999: three (10007 m "
        "wide, 8 m without).",
    ),
    "8 bits as 16": (
        {"brightness": {"color": {"full": 65535, "largest": 255, "above": 0}}},
        "have no color near color_full; correct it: three (255 of 65535).",
    ),
    "16 bits as 8": (
        {"brightness": {"color": {"full": 255, "largest": 65280, "above": 0.4}}},
        "have many colors above color_full, which are clipped; correct it: three (65280 of 255).",
    ),
    "intensities of 0 to 190": (
        {"brightness": {"intensity": {"full": 2000, "largest": 190.5, "above": 0}}},
        "have no intensity near intensity_full; correct it: three (190.5 of 2000).",
    ),
    "intensities of 0 to 65535": (
        {"brightness": {"intensity": {"full": 2000, "largest": 65535, "above": 0.4}}},
        "have many intensities above intensity_full, which are clipped; correct it: three (65535 of 2000).",
    ),
}


@pytest.mark.parametrize("name", STRANGE)
def test_scenes_that_are_not_as_the_config_says_are_told(name: str) -> None:
    changed, sentence = STRANGE[name]
    assert signs([SCENE, {**SCENE, **changed}, SCENE]) == [f"1 of 3 scenes {sentence}"]


USUAL: list[dict[str, object]] = [
    {"resolution": 2**-12},  # float32 up to 4096 m
    {"extent": [1.0, 0.1, 0.1]},
    {"extent": [1000, 1000, 60], "extent_within": [999, 999, 48], "cubic_metres": 12},
    {"extent": [11, 4, 0], "cubic_metres": 13},
    {"extent": [160, 110, 32], "extent_within": [140, 86, 5]},
    {"extent": [499, 10, 3], "extent_within": [10, 10, 3]},
    {"extent": [4000, 1000, 60], "extent_within": [1000, 1000, 60]},
    {"brightness": {"color": {"full": 255, "largest": 255, "above": 0}}},
    {"brightness": {"intensity": {"full": 2000, "largest": 65535, "above": 0.1}}},
]


@pytest.mark.parametrize("changed", USUAL)
def test_nothing_is_said_of_usual_scenes(changed: dict[str, object]) -> None:
    assert signs([{**SCENE, **changed}]) == []
