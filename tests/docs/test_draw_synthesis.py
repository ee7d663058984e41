"""The picture of docs/synthesis.md shows the resized objects in place, and is up to date."""

from __future__ import annotations

import runpy
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from openworld3d.datasets.semantickitti import CLASSES, read_scene
from openworld3d.pseudo_labels.synthesis import Synthesis, synthesise
from openworld3d.scenes.scene import Scene

DRAW = runpy.run_path(str(Path(__file__).resolve().parents[2] / "docs/draw_synthesis.py"))


def car_and_road() -> Scene:
    generator = np.random.default_rng(0)
    coord = generator.uniform(-1, 1, (600, 3)).astype(np.float32)
    coord[300:, 0] += 9
    label = np.repeat([CLASSES.index("car"), CLASSES.index("road")], 300).astype(np.uint8)
    return Scene(coord, label, np.repeat([4, -1], 300).astype(np.int32))


def shows(image: Image.Image, color: str) -> bool:
    return bool((np.asarray(image) == DRAW[color]).all(2).any())


def test_places_by_hand() -> None:
    corner = np.array([[DRAW["LOW"][0], DRAW["HIGH"][1], 0], [DRAW["LOW"][0] + 2, DRAW["HIGH"][1] - 1, 0]])
    each = DRAW["PIXELS_PER_METRE"]
    assert DRAW["place"](corner, DRAW["ABOVE"]).tolist() == [[0, 0], [2 * each, each]]


def test_things_hide_what_is_below_and_lie_within() -> None:
    scene = car_and_road()
    scene.coord[:] = 0
    color = DRAW["colors"](scene, np.zeros(600, bool))
    image = DRAW["view"](scene.coord, color, DRAW["SIDE"])
    assert shows(image, "KNOWN")
    assert not shows(image, "FAINT")
    assert not shows(DRAW["view"](scene.coord + 99, color, DRAW["SIDE"]), "KNOWN")


def test_red_is_what_is_unknown_afterwards() -> None:
    scene = car_and_road()
    found = set()
    for seed in range(6):
        _, synthesised = synthesise(scene, DRAW["SOURCES"], Synthesis(), np.random.default_rng(seed))
        image = DRAW["picture"](scene, seed)
        left, right = (
            image.crop((0, 0, image.width // 2, image.height)),
            image.crop((image.width // 2, 0, *image.size)),
        )
        assert (shows(left, "KNOWN"), shows(left, "UNKNOWN")) == (True, False)
        assert shows(right, "UNKNOWN") == synthesised.any()
        assert shows(right, "KNOWN") != synthesised.any()
        found.add(bool(synthesised.any()))
    assert found == {True, False}


@pytest.mark.skipif(not DRAW["SCANS"].exists(), reason="real scans are absent: set DATA_DIR to the folder with them")
def test_picture_is_up_to_date() -> None:
    today = DRAW["picture"](read_scene(DRAW["SCANS"], DRAW["SCAN"]).scene, DRAW["SEED"])
    with Image.open(DRAW["PICTURE"]) as kept:
        assert np.array_equal(np.asarray(kept), np.asarray(today)), "run docs/draw_synthesis.py"
