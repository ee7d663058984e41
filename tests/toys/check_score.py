from __future__ import annotations

import numpy as np

from openworld3d.plugins import load


def test_by_hand() -> None:
    logits = np.array([[1, 3], [-1, -2]], np.float32)
    assert load("scores", "toy").score({"logits": logits}, factor=2.0).tolist() == [-6, 2]
