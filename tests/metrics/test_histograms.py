from __future__ import annotations

import numpy as np
import pytest

from openworld3d.metrics.histograms import bin_of, ordered


@pytest.mark.parametrize("bits", [1, 9, 16, 32])
def test_bins_rise_with_the_score(bits: int) -> None:
    score = np.array([-np.inf, -3e38, -1, -1e-45, -0.0, 0.0, 1e-45, 1, 1.5, 3e38, np.inf], np.float32)
    assert np.all(np.diff(bin_of(score, bits).astype(np.int64)) >= 0)
    assert bin_of(score, bits).max() < 2**bits
    assert len(set(ordered(score).tolist())) == len(score) - 1  # -0 is 0
