from __future__ import annotations

from dataclasses import replace
from typing import Any, Tuple

import numpy as np
import pytest
from tests.inference.test_crops import mean_offset
from tests.networks.test_inputs import RANGE
from tests.small_run import config_of

from openworld3d.protocols.protocol import make_protocol
from openworld3d.scenes.scene import Scene
from openworld3d.training.augmentation import (
    TrainingData,
    augment_appearance,
    augment_coord,
    class_weights,
    training_cloud,
)

AUGMENTATION = config_of().augmentation


def room(points: int = 60) -> Scene:
    generator = np.random.default_rng(0)
    return Scene(
        coord=generator.uniform(0, 3, (points, 3)).astype(np.float32),
        label=np.arange(points, dtype=np.uint8) % 3,
        instance=np.full(points, -1, np.int32),
        color=generator.integers(0, 256, (points, 3)).astype(np.uint8),
    )


def data(unknown_points: str = "ignore", **recipe: Any) -> TrainingData:
    protocol = make_protocol(["wall", "sofa", "lamp"], ["sofa"])
    return TrainingData([], protocol, np.ones(2, np.float32), config_of(unknown_points, 0, 0.01, **recipe))


def test_class_weights_by_hand() -> None:
    points = {"wall": 900, "sofa": 5, "lamp": 100}
    assert class_weights(points, ["wall", "lamp", "bed"], 0).tolist() == [1, 1, 0]
    # 1/30 and 1/10, of which 900 and 100 points make 40, for 1000 points.
    expected = [1000 / 40 / 30, 1000 / 40 / 10, 0]
    assert class_weights(points, ["wall", "lamp", "bed"], 0.5).tolist() == pytest.approx(expected)


def test_unknown_points_are_ignored_or_removed() -> None:
    ignored = training_cloud(room(), data("ignore"), 100, np.random.default_rng(1))
    assert len(ignored.coord) == 60
    assert np.bincount(ignored.target)[[0, 1, 255]].tolist() == [20, 20, 20]
    removed = training_cloud(room(), data("remove"), 100, np.random.default_rng(1))
    assert np.bincount(removed.target).tolist() == [20, 20]


def test_label_and_colour_stay_with_their_point() -> None:
    scene = room()
    cloud = training_cloud(scene, data(), 25, np.random.default_rng(2))
    assert len(cloud.coord) == 25
    for coord, feature, target in zip(cloud.coord, cloud.feature, cloud.target):
        point = int(np.flatnonzero((scene.coord == coord).all(1))[0])
        assert feature[:3] == pytest.approx(scene.color[point] / 255 * 4 - 2, abs=1e-5)  # type: ignore[index]
        assert feature[3:] == pytest.approx(coord - cloud.coord.min(0))
        assert target == [0, 255, 1][scene.label[point]]


def test_neighbours_that_a_network_keeps_of_a_cloud_lie_on_no_side() -> None:
    block = np.stack(np.meshgrid(*[np.arange(12)] * 3, indexing="ij"), -1).reshape(-1, 3).astype(np.float32)
    points = len(block)
    scene = Scene(
        block, np.zeros(points, np.uint8), np.full(points, -1, np.int32), color=np.zeros_like(block, np.uint8)
    )
    cloud = training_cloud(scene, data(), points, np.random.default_rng(0))
    assert len(cloud.coord) == points
    assert abs(mean_offset(cloud.coord)) < 0.05


def test_turning_keeps_heights_and_distances() -> None:
    coord = room().coord
    turned = augment_coord(coord, replace(AUGMENTATION, rotation_degrees=180, flip="xy"), np.random.default_rng(3))
    assert turned[:, 2] == pytest.approx(coord[:, 2])
    apart = np.linalg.norm(coord[:, None] - coord, axis=2)
    assert np.linalg.norm(turned[:, None] - turned, axis=2) == pytest.approx(apart, abs=1e-4)
    assert not np.allclose(turned, coord)


DRAWS = 4000
# Where a value lies that a test of this file draws: its mean and its standard deviation.
Moments = Tuple[float, float]


def drawn(**options: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return the linear maps (D, 3, 3), a point's coordinates times them, and the shifts (D, 3), of many draws."""
    corner = np.concatenate([np.zeros((1, 3)), np.eye(3)])
    generator = np.random.default_rng(6)
    moved = np.array(
        [augment_coord(corner, replace(AUGMENTATION, **options), generator) for _ in range(DRAWS)], np.float64
    )
    return moved[:, 1:] - moved[:, :1], moved[:, 0]


def agrees(values: np.ndarray, moments: Moments) -> None:
    """Check mean and standard deviation of independent draws (D,) to five standard errors of either."""
    mean, deviation = moments
    error = deviation / np.sqrt(len(values))
    assert abs(values.mean() - mean) < 5 * error + 1e-6
    assert abs(values.std() - deviation) < 5 * error + 1e-6


def uniform(low: float, high: float) -> Moments:
    """Return the moments of a uniform distribution."""
    return (low + high) / 2, (high - low) / np.sqrt(12)


def test_angles_are_uniform_to_either_side() -> None:
    maps, shift = drawn(rotation_degrees=45)
    agrees(np.rad2deg(np.arctan2(maps[:, 0, 1], maps[:, 0, 0])), uniform(-45, 45))
    assert not shift.any()
    assert maps @ maps.transpose(0, 2, 1) == pytest.approx(np.broadcast_to(np.eye(3), maps.shape), abs=1e-6)
    assert np.linalg.det(maps) == pytest.approx(1)


@pytest.mark.parametrize(
    ("axes", "signs"),
    [
        ([], [(1, 1)]),
        (["x"], [(-1, 1), (1, 1)]),
        (["y"], [(1, -1), (1, 1)]),
        (["x", "y"], [(-1, -1), (-1, 1), (1, -1), (1, 1)]),
    ],
)
def test_axes_are_flipped_in_half_of_the_clouds_each_by_itself(axes: list[str], signs: list[tuple[int, int]]) -> None:
    """As Cylinder3D flips: none, x, y or both, each in a quarter of the scans."""
    maps, _ = drawn(flip=axes, rotation_degrees=45)
    found = [tuple(np.sign(row)) for row in maps[:, [0, 1], [0, 1]]]
    assert sorted(set(found)) == signs
    share = 1 / len(signs)
    for pair in signs:
        agrees(np.array([one == pair for one in found], float), (share, np.sqrt(share * (1 - share))))


@pytest.mark.parametrize("axes", [["x", "y", "z"], ["x", "y"], ["z"]])
def test_one_factor_scales_the_axes_that_it_is_of(axes: list[str]) -> None:
    maps, _ = drawn(scale=[0.8, 1.2], scale_axes=axes)
    scaled = [axis in axes for axis in "xyz"]
    factors = maps[:, range(3), range(3)]
    assert (factors[:, [not one for one in scaled]] == 1).all()
    assert np.ptp(factors[:, scaled], 1) == pytest.approx(0)
    agrees(factors[:, scaled][:, 0], uniform(0.8, 1.2))


def test_shift_is_normal_along_each_axis_and_one_for_all_points() -> None:
    maps, shift = drawn(shift=0.1)
    assert maps == pytest.approx(np.broadcast_to(np.eye(3), maps.shape), abs=1e-6)
    for axis in shift.T:
        agrees(axis, (0, 0.1))
        agrees((axis / 0.1) ** 4, (3, np.sqrt(96)))  # kurtosis of a normal distribution
    assert np.abs(np.corrcoef(shift.T) - np.eye(3)).max() < 0.1


def test_jitter_is_normal_up_to_four_deviations_and_a_points_own() -> None:
    points = np.zeros((100000, 3))
    moved = augment_coord(points, replace(AUGMENTATION, jitter=0.005), np.random.default_rng(7))
    agrees(moved[:, 0], (0, 0.005))
    assert np.abs(moved).max() == pytest.approx(0.02, rel=0.1)
    assert np.abs(moved).max() <= np.float32(0.02)
    assert np.abs(np.corrcoef(moved.T) - np.eye(3)).max() < 0.02


def test_appearance_is_dropped_and_shifted_as_often_and_as_far_as_said() -> None:
    generator, options = np.random.default_rng(8), replace(AUGMENTATION, drop_appearance=0.2, appearance_shift=0.05)
    seen = np.array([augment_appearance(np.full((2, 3), 0.5), (-2, 2), options, generator) for _ in range(DRAWS)])
    assert (seen[:, 0] == seen[:, 1]).all()
    is_dropped = (seen == 0).all((1, 2))
    agrees(is_dropped.astype(float), (0.2, 0.4))
    for channel in seen[~is_dropped, 0].T:
        agrees(channel, (0.5, 0.05))


def test_appearance_is_shifted_within_its_range_or_dropped() -> None:
    seen = np.linspace(-2, 2, 30, dtype=np.float32).reshape(10, 3)
    shifted = augment_appearance(seen, RANGE, replace(AUGMENTATION, appearance_shift=0.3), np.random.default_rng(4))
    assert shifted.min() >= -2
    assert shifted.max() <= 2
    assert not np.allclose(shifted, seen)
    assert not augment_appearance(
        seen, RANGE, replace(AUGMENTATION, drop_appearance=1), np.random.default_rng(4)
    ).any()


def test_shift_stays_in_the_range_of_the_network() -> None:
    shifted = data(appearance_shift=9)
    narrow = shifted._replace(config=replace(shifted.config, appearance_range=[0, 1]))
    whole = training_cloud(room(), narrow, 100, np.random.default_rng(5))
    assert whole.feature[:, :3].min() >= 0
    assert whole.feature[:, :3].max() <= 1
    assert set(np.unique(whole.feature[:, :3])) & {0, 1}
