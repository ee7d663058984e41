from __future__ import annotations

import numpy as np
from tests.scores.scored import made


def test_scores_are_the_log_odds() -> None:
    log_odds = np.array([[2.5], [-300], [0], [0]], np.float16)
    score = made("unknown_probability", {})({"unknown_log_odds": log_odds})
    assert score.dtype == np.float32
    assert score.tolist() == [2.5, -300, 0, 0]
