from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.toy_network import ToyNetwork

from openworld3d.backbones.stratified_transformer import STEM_NEIGHBORS, STEM_RADIUS
from openworld3d.errors import UserError
from openworld3d.inference.crops import Bounds, covering_crops, fitting_crop
from openworld3d.networks.layers.geometry import ball_neighbors

PLENTY = 10**9


def cloud(points: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(0, 10, (points, 3)).astype(np.float32)


def mean_offset(coord: np.ndarray) -> float:
    """Return the mean offset along x of the neighbours that the stem keeps of a block's inner points, in cells."""
    neighbor = ball_neighbors(coord, np.array([len(coord)]), STEM_RADIUS, STEM_NEIGHBORS)
    inner = ((coord > 2) & (coord < 9)).all(1)
    return float((coord[neighbor[inner], 0] - coord[inner, :1]).mean())


@given(st.integers(1, 80), st.integers(1, 30), st.integers(1, 400), st.integers(0, 9))
def test_every_point_is_in_a_crop_within_the_bounds(points: int, voxels: int, pairs: int, seed: int) -> None:
    coord = cloud(points, seed)
    crops = list(covering_crops(ToyNetwork(), coord, Bounds(voxels, pairs), np.random.default_rng(seed)))
    assert set(np.concatenate([crop.points for crop in crops]).tolist()) == set(range(points))
    assert len(crops) <= points
    for crop in crops:
        assert len(set(crop.points.tolist())) == len(crop.points) <= voxels
        assert len(crop.points) ** 2 == crop.geometry.pairs <= pairs
        assert np.array_equal(crop.geometry.coord.numpy(), coord[crop.points])


def test_crops_are_full_and_overlap_and_come_again() -> None:
    def crops() -> list[list[int]]:
        found = covering_crops(ToyNetwork(), cloud(500), Bounds(60, PLENTY), np.random.default_rng(1))
        return [crop.points.tolist() for crop in found]

    once = crops()
    assert once == crops()
    assert {len(crop) for crop in once} == {60}
    assert all(any(set(crop) & set(other) for other in once if other is not crop) for crop in once)


def test_centres_in_the_order_of_the_voxels_would_need_more_crops() -> None:
    class InOrder(np.random.Generator):
        def permutation(self, x: Any, axis: int = 0) -> Any:
            return np.arange(x) if isinstance(x, int) else x

    floor = np.random.default_rng(2).uniform(0, [100, 30, 0.1], (3000, 3)).astype(np.float32)
    floor = floor[np.argsort(floor[:, 0])]
    generators = [np.random.default_rng(0), InOrder(np.random.PCG64(0))]
    by_chance, in_order = (
        len(list(covering_crops(ToyNetwork(), floor, Bounds(200, PLENTY), generator))) for generator in generators
    )
    assert by_chance < 0.9 * in_order


@pytest.mark.parametrize(
    ("bounds", "expected", "halved"),
    [
        (Bounds(9, PLENTY), [0, 1, 2, 3, 4, 5], False),
        (Bounds(4, PLENTY), [0, 1, 2, 3], False),
        (Bounds(9, 36), [0, 1, 2, 3, 4, 5], False),
        (Bounds(9, 35), [1, 2, 3], True),
        (Bounds(9, 8), [2], True),
        (Bounds(4, 15), [2, 3], True),
    ],
)
def test_crop_is_halved_around_its_centre(bounds: Bounds, expected: list[int], halved: bool) -> None:
    # Seen from the third: 2.0, 1.5, 0, 1.0, 2.5 and 4.0 away.
    coord = np.array([[x, 0, 0] for x in (0, 0.5, 2, 3, 4.5, 6)], np.float32)
    crop = fitting_crop(ToyNetwork(), coord, 2, bounds, np.random.default_rng(0))
    assert sorted(crop.points.tolist()) == expected
    assert crop.halved is halved


def test_point_that_alone_has_too_many_pairs_is_a_sentence() -> None:
    with pytest.raises(UserError, match="inference_pairs is 0, but one point alone has 1 attention pairs; raise it"):
        fitting_crop(ToyNetwork(), cloud(20), 0, Bounds(9, 0), np.random.default_rng(0))


def test_neighbours_that_a_network_keeps_of_a_crop_lie_on_no_side() -> None:
    """A full block of voxels, in whose order the first 34 of 81 neighbours are those of smaller x."""
    block = np.stack(np.meshgrid(*[np.arange(12)] * 3, indexing="ij"), -1).reshape(-1, 3).astype(np.float32)
    (crop,) = covering_crops(ToyNetwork(), block, Bounds(PLENTY, PLENTY), np.random.default_rng(0))
    assert mean_offset(block) < -0.5
    assert abs(mean_offset(block[crop.points])) < 0.05
