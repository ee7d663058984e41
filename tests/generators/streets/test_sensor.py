"""What the sensor hears: less of what is far, flat or dark; noise, remission, labels, the car that carries it."""

from __future__ import annotations

import numpy as np
import pytest

from openworld3d.generators.streets.kinds import OUTLIER
from openworld3d.generators.streets.materials import MATERIALS, Material
from openworld3d.generators.streets.model import Model, Placed
from openworld3d.generators.streets.scene import scene_of
from openworld3d.generators.streets.sensor import (
    COLUMNS,
    ELEVATIONS,
    HEIGHT,
    LOST,
    RANGE_NOISE,
    Scan,
    is_detected,
    scan,
)
from openworld3d.generators.streets.shapes import Shape, box, sheet

AT = np.array([0.0, 0.0, HEIGHT])
PLAIN = Material(0.5, 0.0, 1.0)


def thing(kind: str, shape: Shape, material: Material = PLAIN, speed: float = 0.0) -> Placed:
    model = Model(kind)
    model.add([shape], material)
    return Placed(model, (0.0, 0.0, 0.0), 0.0, speed)


def seen(*things: Placed, time: float = 0.0) -> Scan:
    return scan(scene_of(things), np.eye(3), AT, time, np.random.default_rng(0))


def share_detected(reflectivity: float, cosine: float, distance: float) -> float:
    count = 4000
    alike = np.full((3, count), [[reflectivity], [cosine], [distance]])
    return float(is_detected(alike[0], alike[1], alike[2], np.random.default_rng(0)).mean())


def test_near_and_bright_is_detected_but_for_what_is_lost() -> None:
    assert share_detected(0.3, 1.0, 10.0) == pytest.approx(1 - LOST, abs=0.006)


@pytest.mark.parametrize(
    ("more", "less"),
    [
        ((0.3, 0.02, 40.0), (0.3, 0.02, 90.0)),
        ((0.3, 0.1, 90.0), (0.3, 0.01, 90.0)),
        ((0.3, 0.03, 80.0), (0.05, 0.03, 80.0)),
    ],
    ids=["far", "flat", "dark"],
)
def test_less_is_detected_of_what_is(more: tuple[float, float, float], less: tuple[float, float, float]) -> None:
    assert share_detected(*less) < share_detected(*more) - 0.2


def test_half_is_detected_where_the_power_is_just_enough() -> None:
    # 0.25 * 0.04 * (1000 / 100)^2 = 1, and the flicker is as often above 1 as below.
    assert share_detected(0.25, 0.04, 100.0) == pytest.approx((1 - LOST) / 2, abs=0.03)


def test_panes_are_mostly_silent() -> None:
    def returns(material: str) -> int:
        return len(seen(thing("building", sheet((20, -8, 0), (0, 16, 0), (0, 0, 4)), MATERIALS[material])).points)

    assert returns("glass") < 0.5 * returns("plaster")


def test_points_of_a_wall_lie_on_it_within_the_noise() -> None:
    points = seen(thing("building", sheet((20, -8, -1), (0, 16, 0), (0, 0, 5)))).points
    distance = np.linalg.norm(points[:, :3], axis=1)
    ideal = 20.0 * distance / points[:, 0]
    ordinary = np.abs(distance - ideal) < 0.2
    assert ordinary.mean() > 0.995
    assert (distance - ideal)[ordinary].std() == pytest.approx(RANGE_NOISE, rel=0.1)
    assert points.dtype == np.float32


def test_remission_is_the_materials_in_steps_of_a_hundredth() -> None:
    remission = seen(thing("building", sheet((20, -2, 0), (0, 4, 0), (0, 0, 3)))).points[:, 3]
    assert ((remission >= 0.5) & (remission <= 0.53)).all()
    np.testing.assert_allclose(remission * 100, np.round(remission * 100), atol=1e-4)
    bright = seen(thing("traffic-sign", sheet((20, -2, 0), (0, 4, 0), (0, 0, 3)), MATERIALS["sign"])).points[:, 3]
    assert ((bright >= 0) & (bright < 1)).all()


def test_labels_are_of_the_class_and_of_the_thing() -> None:
    one = thing("car", box((8, -2, 0), (9, 2, 2)))
    other = thing("car", box((-9, -2, 0), (-8, 2, 2)), speed=2.0)
    wall = thing("building", sheet((-20, 15, 0), (40, 0, 0), (0, 0, 4)))
    labels = seen(one, other, wall).labels
    assert labels.dtype == np.uint32
    assert {OUTLIER} | {10 | 1 << 16, 252 | 2 << 16, 50} >= set(labels.tolist()) >= {10 | 1 << 16, 252 | 2 << 16, 50}


def test_what_moves_is_where_its_speed_takes_it() -> None:
    bus = thing("bus", box((10, -2, 0), (11, 2, 3)), speed=-2.0)
    for time, front in ((0.0, 10.0), (1.5, 7.0)):
        points = seen(bus, time=time).points
        assert np.median(points[np.abs(points[:, 1]) < 1, 0]) == pytest.approx(front, abs=0.05)


def test_the_sensors_own_car_hides_the_road_beneath_and_is_not_seen() -> None:
    road = thing("road", sheet((-50, -50, 0), (100, 0, 0), (0, 100, 0)))
    points = seen(road).points
    ordinary = np.abs(points[:, 2] + HEIGHT) < 0.1
    assert ordinary.mean() > 0.995
    assert np.abs(points[ordinary, 0][np.abs(points[ordinary, 1]) < 0.7]).min() > 4.0
    # The lowest beam meets the road at 3.74 m; the noise of the range is 2 cm.
    assert np.linalg.norm(points[ordinary, :2], axis=1).min() == pytest.approx(3.74, abs=0.1)


def test_the_sensor_has_64_beams_from_2_to_minus_24_8_degrees() -> None:
    assert len(ELEVATIONS) == 64
    assert (np.diff(ELEVATIONS) < 0).all()
    np.testing.assert_allclose(np.degrees(ELEVATIONS[[0, -1]]), [2.0, -24.8])
    assert COLUMNS == 2000
