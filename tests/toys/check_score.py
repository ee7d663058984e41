from __future__ import annotations

import numpy as np

from openworld3d.scores import toy


def test_by_hand() -> None:
    assert toy.score({"logits": np.array([[1, 3], [-1, -2]], np.float32)}, factor=2.0).tolist() == [-6, 2]
