from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from openworld3d.scores.mutual_information import score


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
@pytest.mark.parametrize("expected", [[], [0.0], [0.125, 0.5, 0.0]])
def test_score_is_what_the_passes_say(expected: list[float], dtype: Any) -> None:
    result = score({"mutual_information": np.array(expected, dtype)[:, None]})  # (R,) -> (R, 1)
    assert result.dtype == np.float32
    assert result.tolist() == expected
