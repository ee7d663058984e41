"""Where anomalies lie: in sight, on the ground, out of the way of all else; and what they hide."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from tests.generators.streets.small_street import small_street

from openworld3d.generators.streets import insertion
from openworld3d.generators.streets.anomalies import ANOMALIES
from openworld3d.generators.streets.casting import cast
from openworld3d.generators.streets.drive import times
from openworld3d.generators.streets.generation import Street, generate_scans
from openworld3d.generators.streets.insertion import (
    anomalies_in,
    are_seen,
    generate_street_with_anomalies,
    height_below,
    insert_anomalies,
    is_hidden,
    passages,
    stands,
    surroundings,
)
from openworld3d.generators.streets.kinds import ANOMALY_ID
from openworld3d.generators.streets.model import Model, Placed, enclosing
from openworld3d.generators.streets.plan import touch
from openworld3d.generators.streets.scene import scene_of
from openworld3d.generators.streets.sensor import GRID, HEIGHT, Scan
from openworld3d.generators.streets.stu_layout import FIRST_SEQUENCE

SEED, SCANS, COUNT = 5, 2, 4


@pytest.fixture(scope="module")
def street() -> Street:
    return generate_street_with_anomalies(SEED, FIRST_SEQUENCE, SCANS, COUNT)


def anomalies(street: Street) -> list[Placed]:
    return [thing for thing in street.things if thing.model.kind == "anomaly"]


def test_every_anomaly_is_seen_and_is_an_instance_of_its_own(street: Street) -> None:
    assert len(anomalies(street)) == COUNT
    scans = list(generate_scans(street, SEED, FIRST_SEQUENCE))
    seen = set.union(*map(anomalies_in, scans))
    assert len(seen) == COUNT
    others = {
        int(label) for scan in scans for label in np.unique(scan.labels[(scan.labels & 0xFFFF) != ANOMALY_ID] >> 16)
    }
    assert not seen & others


def test_anomalies_touch_nothing_and_nothing_comes(street: Street) -> None:
    found = anomalies(street)
    still = [thing.boxes() for thing in street.things if stands(thing) and thing not in found]
    moving = [thing for thing in street.things if thing.speed != 0]
    for number, thing in enumerate(found):
        boxes = thing.boxes()
        assert not touch(boxes, np.concatenate([*still, *(other.boxes() for other in found[:number])]))
        for pose, time in zip(street.poses, times(SCANS)):
            own = np.array([np.subtract(pose.position, (2.4, 0.9, HEIGHT)), np.add(pose.position, (2.0, 0.9, 0.0))])
            assert not touch(boxes, own[None])
            assert not any(touch(boxes, np.add(one.boxes(), (one.speed * time, 0, 0))) for one in moving)


def test_anomalies_lie_on_the_ground_near_the_path(street: Street) -> None:
    ground, path = surroundings(street).ground, np.stack([pose.position for pose in street.poses])
    for thing in anomalies(street):
        assert thing.position[2] == height_below(enclosing(thing.boxes()), ground)
        away = thing.position[:2] - path[:, :2]
        assert (np.abs(away[:, 1]) < 9).all()
        assert away[0, 0] >= 6
        assert away[-1, 0] <= 30


def test_no_kind_comes_twice_before_each_came_once(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[int] = []

    def noting(number: int, rng: np.random.Generator) -> Model:
        drawn.append(number)
        return ANOMALIES[number](rng)

    kinds = len(ANOMALIES)
    monkeypatch.setattr(insertion, "ANOMALIES", [partial(noting, number) for number in range(kinds)])
    insert_anomalies(small_street(), kinds + 2, np.random.default_rng(0))
    assert sorted(drawn[:kinds]) == list(range(kinds))
    assert drawn[kinds:] == drawn[:2]


def test_equal_seeds_give_equal_anomalies_and_other_seeds_others() -> None:
    def placed(seed: int) -> list[np.ndarray]:
        found = insert_anomalies(small_street(), 3, np.random.default_rng(seed))
        return [thing.boxes() for thing in anomalies(found)]

    first, again, other = placed(1), placed(1), placed(2)
    assert all(map(np.array_equal, first, again))
    assert not any(map(np.array_equal, first, other))


def test_street_has_its_other_things_as_before() -> None:
    before = small_street()
    after = insert_anomalies(before, 3, np.random.default_rng(0))
    assert after.things[: len(before.things)] == before.things
    assert len(after.things) == len(before.things) + 3


def test_anomaly_hides_what_is_behind_it_and_nothing_else() -> None:
    """Each ray meets what it did without the anomaly, or the anomaly before it."""
    before = small_street()
    after = insert_anomalies(before, 5, np.random.default_rng(3))
    (pose, *_), first = before.poses, len(scene_of(before.things).raw_id)
    without, beside = (
        cast(scene_of(one.things).seen_from(pose.rotation, pose.position, 0.0), GRID, 50.0, np.random.default_rng(0))
        for one in (before, after)
    )
    anomalous = beside.part >= first
    assert anomalous.sum() > 100
    assert (beside.distance[anomalous] < without.distance[anomalous]).all()
    np.testing.assert_array_equal(beside.part[~anomalous], without.part[~anomalous])
    np.testing.assert_array_equal(beside.distance[~anomalous], without.distance[~anomalous])
    assert np.isin(without.part[anomalous], np.arange(first)).any()


@pytest.mark.parametrize(
    ("box", "hidden"),
    [
        ([(4, -1, 0), (5, 1, 3)], True),
        ([(4, -1, 0), (5, 1, 0.9)], False),  # below the line, which is 1 m high half way
        ([(4, 1, 0), (5, 2, 3)], False),  # beside it
        ([(10.1, -1, 0), (11, 1, 3)], False),  # behind the point
        ([(-5, -1, 0), (-4, 1, 3)], False),  # behind the eye
    ],
)
def test_line_of_sight(box: list[tuple[float, float, float]], hidden: bool) -> None:
    eye, point = np.array([0.0, 0.0, 2.0]), np.array([10.0, 0.0, 0.0])
    assert is_hidden(point, eye, np.array([box])) is hidden
    assert not is_hidden(point, eye, np.zeros((0, 2, 3)))


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [((1, 1), (2, 2), 0.0), ((1, 4.5), (2, 6), 0.12), ((1, 3), (2, 5), None), ((-5, 1), (2, 2), None)],
)
def test_ground_is_of_one_piece_below_the_whole_base(
    low: tuple[float, float], high: tuple[float, float], expected: float | None
) -> None:
    ground = np.array([[(0, -4, -0.5), (50, 4, 0)], [(0, 4, -0.5), (50, 9, 0.12)]])
    assert height_below(np.array([(*low, 0), (*high, 1)]), ground) == expected


def test_passages_hold_the_way_of_what_moves_and_of_the_sensor() -> None:
    street = small_street()
    around = surroundings(street)
    (forth, own) = passages(street, around)
    (start,) = around.moving
    way = 4.0 * times(len(street.poses))[-1]
    np.testing.assert_allclose(forth, [start[0] - (way, 0, 0), start[1]])
    first, last = street.poses[0].position, street.poses[-1].position
    assert (own[0] <= np.minimum(first, last) - (2.4, 0.9, 1.7)).all()
    assert (own[1] >= np.add(np.maximum(first, last), (2.0, 0.9, 0.0))).all()


def test_anomaly_counts_as_stu_counts_it() -> None:
    distance = np.array([2.4, *[2.5] * 5, *[50.0] * 4, 50.1, *[20.0] * 9])
    points = np.stack([distance, *[np.zeros(20)] * 3], axis=1).astype(np.float32)
    kinds = [ANOMALY_ID] * 11 + [10] * 9
    instances = [7] * 6 + [8] * 5 + [9] * 9
    labels = (np.array(kinds) | np.array(instances) << 16).astype(np.uint32)
    assert anomalies_in(Scan(points, labels, np.arange(20))) == {7}


def test_anomaly_that_no_scan_sees_is_put_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    told = iter([False, False, True])
    streets: list[Street] = []

    def are_seen(street: Street, *_: int) -> bool:
        streets.append(street)
        return next(told)

    monkeypatch.setattr(insertion, "generate_street", lambda *_: small_street())
    monkeypatch.setattr(insertion, "are_seen", are_seen)
    found = generate_street_with_anomalies(0, 100, 2, 1)
    assert found is streets[2]
    assert len({anomalies(one)[0].position for one in streets}) == 3


def test_scan_that_sees_too_few_anomalies_is_told() -> None:
    street = insert_anomalies(small_street(), 2, np.random.default_rng(0))
    assert are_seen(street, 2, 0, 100)
    assert not are_seen(street, 3, 0, 100)
