"""Farthest point sampling against its definition, written as a loop."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openworld3d.networks.layers import sampling
from openworld3d.networks.layers.sampling import farthest_points

CLOUDS = {
    "uniform": lambda generator, count: generator.uniform(0, 1, (count, 3)),
    "a tight cluster and outliers": lambda generator, count: (
        np.where(generator.random((count, 1)) < 0.8, 0.001, 10) * generator.normal(0, 1, (count, 3))
    ),
    "many equal distances and duplicates": lambda generator, count: generator.integers(0, 4, (count, 3)),
}


def by_definition(coord: np.ndarray, count: int) -> list[int]:
    """Choose the point whose nearest chosen one is farthest, of several the first, again and again."""
    chosen = [0]
    while len(chosen) < count:
        apart = np.square(coord[:, None] - coord[chosen])  # (N, chosen, 3)
        chosen.append(int((apart[:, :, 0] + apart[:, :, 1] + apart[:, :, 2]).min(1).argmax()))
    return chosen


@pytest.mark.parametrize(
    ("x", "chosen"),
    [
        ([0, 1, 10, 4], [0, 2, 3, 1]),
        ([5, 1, 9, 7, 3], [0, 1, 2, 3, 4]),
        ([2, 2, 3], [0, 2, 0]),
        ([7], [0]),
    ],
)
def test_by_hand(x: list[float], chosen: list[int]) -> None:
    coord = np.array([[value, 0, 0] for value in x], np.float32)
    assert farthest_points(coord, len(chosen)).tolist() == chosen
    assert by_definition(coord, len(chosen)) == chosen


@pytest.mark.parametrize("crowd", [0, 2, 1000])
@pytest.mark.parametrize("cloud", list(CLOUDS))
@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 200), st.floats(0, 1))
def test_many_at_a_time_are_the_same_in_the_same_order(
    cloud: str, crowd: int, seed: int, points: int, share: float
) -> None:
    """Crowd 0 leads to one by one always, 1000 never."""
    coord = CLOUDS[cloud](np.random.default_rng(seed), points).astype(np.float32)
    count = 1 + int(share * (points - 1))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sampling, "FIRST", 1)
        patch.setattr(sampling, "CROWD", crowd)
        assert farthest_points(coord, count).tolist() == by_definition(coord, count)


def test_a_shorter_sample_begins_a_longer_one() -> None:
    coord = np.random.default_rng(0).uniform(0, 1, (3000, 3)).astype(np.float32)
    longer = farthest_points(coord, 1000)
    assert len(set(longer.tolist())) == 1000
    assert farthest_points(coord, 300).tolist() == longer[:300].tolist()
