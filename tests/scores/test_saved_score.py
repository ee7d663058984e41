from __future__ import annotations

import numpy as np
from tests.scores.scored import made


def test_scores_are_as_they_were_saved() -> None:
    saved = np.array([[2.5], [-300], [0], [0]], np.float16)
    score = made("saved_score", {})({"saved_score": saved})
    assert score.dtype == np.float32
    assert score.tolist() == [2.5, -300, 0, 0]
