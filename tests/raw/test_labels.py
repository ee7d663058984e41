from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from openworld3d.errors import UserError
from openworld3d.raw.labels import class_of_raw_id, map_labels
from openworld3d.scenes.scene import VOID, Scene, describe

FILE = Path("tile.laz")


def test_last_of_255_classes_is_not_void() -> None:
    classes = [f"class {number}" for number in range(255)]
    index_of = class_of_raw_id({**dict(enumerate(classes, start=1)), 0: None}, classes)
    raw = np.arange(256)
    label, void_ids = map_labels(raw, index_of, FILE)
    assert label.dtype == np.uint8
    assert label.tolist() == [VOID, *range(255)]
    assert void_ids == {"0": 1}
    entry = describe(Scene(np.zeros((256, 3), np.float32), label, np.full(256, -1, np.int32)), classes)
    assert entry["void_points"] == 1
    assert entry["class_points"] == dict.fromkeys(classes, 1)


def test_first_point_of_an_unmapped_id_is_named() -> None:
    with pytest.raises(
        UserError, match=r"tile\.laz: point 2 has the raw label 9, which is neither a class nor void in"
    ):
        map_labels(np.array([1, 1, 9, 7, 9]), {1: 0, 7: VOID}, FILE)
