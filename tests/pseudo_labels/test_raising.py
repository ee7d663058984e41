"""Points of the ground are raised around a random one of them, and nothing of an unknown class is looked at."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openworld3d.errors import UserError
from openworld3d.protocols.protocol import make_protocol
from openworld3d.pseudo_labels.raising import Raising, pulled, raise_points
from openworld3d.scenes.scene import NO_INSTANCE, VOID, Scene

CLASSES = ["road", "car", "anomaly", "sidewalk"]
ROAD, CAR, ANOMALY, SIDEWALK = range(4)
PROTOCOL = make_protocol(CLASSES, ["anomaly"])
ONE = Raising(clusters=1, radius=1.0, height=0.5)


def scene_of(coord: np.ndarray, label: np.ndarray, origin_is_sensor: bool = False) -> Scene:
    instance = np.full(len(coord), NO_INSTANCE, np.int32)
    return Scene(coord.astype(np.float32), label.astype(np.uint8), instance, origin_is_sensor=origin_is_sensor)


def street(origin_is_sensor: bool = False) -> Scene:
    """Return a road of 9 by 9 points a metre apart, from 1 to 9 metres, at height -1, and a car's point on each."""
    x, y = np.meshgrid(np.arange(1.0, 10), np.arange(1.0, 10))
    road = np.stack([x.ravel(), y.ravel(), np.full(81, -1.0)], 1)
    return scene_of(
        np.concatenate([road, road + np.array([0, 0, 0.1])]), np.repeat([ROAD, CAR], 81), origin_is_sensor
    )


def raise_in(scene: Scene, options: Raising = ONE, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    return raise_points(scene, PROTOCOL, ["road"], options, np.random.default_rng(seed))


def test_cluster_is_a_point_of_the_ground_and_those_around() -> None:
    scene = street()
    coord, raised = raise_in(scene)
    assert coord.dtype == np.float32
    assert raised.sum() in (3, 4, 5)  # in a corner, at an edge, within
    assert not raised[81:].any()
    centre = scene.coord[raised].mean(0).round()
    assert (np.linalg.norm(scene.coord[raised] - centre, axis=1) <= 1.5).all()
    np.testing.assert_array_equal(coord[~raised], scene.coord[~raised])
    np.testing.assert_array_equal(coord[:, :2], scene.coord[:, :2])
    lifted = coord[raised, 2] - scene.coord[raised, 2]
    assert ((lifted >= 0) & (lifted <= 0.5)).all()
    assert len(set(lifted.tolist())) == raised.sum()  # each by a height of its own
    assert (scene.coord[:81, 2] == -1).all()  # the scene itself is as it was


def test_clusters_share_no_point_and_stop_where_all_are_raised() -> None:
    scene = street()
    _, few = raise_in(scene, ONE._replace(clusters=3))
    _, one = raise_in(scene)
    assert few[one].all()
    assert few.sum() > one.sum()
    coord, everything = raise_in(scene, ONE._replace(clusters=500))
    assert everything.tolist() == [True] * 81 + [False] * 81
    assert (coord[:81, 2] <= -0.5).all()


def test_no_ground_is_no_cluster() -> None:
    scene = street()
    scene.label[:] = CAR
    coord, raised = raise_in(scene)
    assert not raised.any()
    np.testing.assert_array_equal(coord, scene.coord)


def test_pull_by_hand() -> None:
    """Of ranges 1, 2.5 and 4, a = log(4) / 2 / 3: the factors are 1, 1 / sqrt(2) and 1 / 2."""
    coord = np.array([[1, 0, 0], [0, 2.5, 0], [0, 0, -4]], np.float32)
    np.testing.assert_allclose(pulled(coord), [[1, 0, 0], [0, 2.5 / np.sqrt(2), 0], [0, 0, -2]], rtol=1e-6)


@pytest.mark.parametrize("coord", [[[3, 0, 0]], [[3, 0, 0], [0, 3, 0]], [[0, 0, 0], [0, 3, 0]]])
def test_points_of_one_range_or_at_the_sensor_stay(coord: list[list[float]]) -> None:
    given_coord = np.array(coord, np.float32)
    np.testing.assert_array_equal(pulled(given_coord), given_coord)


def test_pulled_where_the_origin_is_the_sensor() -> None:
    scene = street(origin_is_sensor=True)
    coord, raised = raise_in(scene)
    expected = pulled(scene.coord[raised])
    np.testing.assert_array_equal(coord[raised, :2], expected[:, :2])
    assert (expected != scene.coord[raised]).any()
    assert (coord[raised, 2] >= expected[:, 2]).all()


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["raod"], "class raod does not exist in the dataset, did you mean road"),
        (["anomaly"], "class anomaly is unknown in this protocol"),
    ],
)
def test_class_that_cannot_be_raised_is_refused(names: list[str], said: str) -> None:
    with pytest.raises(UserError, match=said):
        raise_points(street(), PROTOCOL, names, ONE, np.random.default_rng(0))


@given(st.integers(0, 1000))
def test_labels_of_other_classes_change_nothing(seed: int) -> None:
    generator = np.random.default_rng(seed)
    label = generator.choice([ROAD, CAR, ANOMALY, SIDEWALK, VOID], 60)
    scene = scene_of(generator.normal(0, 2, (60, 3)), label, bool(seed % 2))
    others = label != ROAD
    poisoned = replace(
        scene, label=np.where(others, generator.choice([CAR, ANOMALY, VOID], 60), label).astype(np.uint8)
    )
    for one, other in zip(raise_in(scene, seed=seed), raise_in(poisoned, seed=seed)):
        np.testing.assert_array_equal(one, other)
