"""Whole instances of known classes are resized about their centroid, and nothing of an unknown class is looked at."""

from __future__ import annotations

from dataclasses import replace
from typing import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openworld3d.errors import UserError
from openworld3d.protocols.protocol import make_protocol
from openworld3d.pseudo_labels.synthesis import (
    Synthesis,
    altered,
    components,
    instances,
    say_that_components_stand_in,
    source_classes,
    synthesise,
    with_instances,
)
from openworld3d.scenes.scene import NO_INSTANCE, VOID, Scene

CLASSES = ["road", "car", "truck", "bus", "person"]
ROAD, CAR, TRUCK, BUS, PERSON = range(5)
SOURCES = np.array([CAR, TRUCK, PERSON], np.uint8)  # bus is unknown, road no thing
LEAST = 4
DOUBLED = Synthesis(share=1, larger=(2, 2), smaller=(2, 2), least_points=LEAST)
SQUARE = [[0, 0, 0], [2, 0, 0], [0, 2, 0], [2, 2, 4]]  # its centroid is 1, 1, 1


def scene_of(coord: Sequence[Sequence[float]], label: list[int], instance: list[int]) -> Scene:
    return Scene(np.array(coord, np.float32), np.array(label, np.uint8), np.array(instance, np.int32))


@st.composite
def scenes(draw: st.DrawFn) -> Scene:
    """Draw a scene whose instances have ids that meet in 8 bits, span classes, and have few points or many."""
    points = draw(st.integers(1, 80))
    generator = np.random.default_rng(draw(st.integers(0, 10_000)))
    return Scene(
        coord=generator.normal(0, 20, (points, 3)).astype(np.float32),
        label=generator.choice([ROAD, CAR, TRUCK, BUS, PERSON, VOID], points).astype(np.uint8),
        instance=generator.choice([NO_INSTANCE, 0, 1, 257, 2**31 - 1], points).astype(np.int32),
    )


def groups(scene: Scene) -> list[np.ndarray]:
    """Return the points of each (class, instance) pair, found one by one."""
    pairs = sorted(set(zip(scene.label.tolist(), scene.instance.tolist())))
    return [np.flatnonzero((scene.label == label) & (scene.instance == instance)) for label, instance in pairs]


def eligible(scene: Scene, points: np.ndarray) -> bool:
    return scene.label[points[0]] in SOURCES and scene.instance[points[0]] != NO_INSTANCE and len(points) >= LEAST


def test_square_by_hand() -> None:
    scene = scene_of([*SQUARE, [9, 9, 9]], [CAR] * 4 + [ROAD], [7] * 4 + [7])
    coord, synthesised = synthesise(scene, SOURCES, DOUBLED, np.random.default_rng(0))
    assert coord.tolist() == [[-1, -1, -1], [3, -1, -1], [-1, 3, -1], [3, 3, 7], [9, 9, 9]]
    assert coord.dtype == np.float32
    assert synthesised.tolist() == [True] * 4 + [False]
    assert scene.coord.tolist() == [*SQUARE, [9, 9, 9]]  # the scene itself is as it was
    shrunk = DOUBLED._replace(larger=(0.5, 0.5), smaller=(0.5, 0.5))
    coord, _ = synthesise(scene, SOURCES, shrunk, np.random.default_rng(0))
    assert coord[:4].tolist() == [[0.5, 0.5, 0.5], [1.5, 0.5, 0.5], [0.5, 1.5, 0.5], [1.5, 1.5, 2.5]]


@pytest.mark.parametrize(
    ("label", "instance", "expected"),
    [
        ([CAR] * 4, [0] * 4, True),
        ([CAR] * 4, [NO_INSTANCE] * 4, False),
        ([BUS] * 4, [0] * 4, False),
        ([VOID] * 4, [0] * 4, False),
        ([ROAD] * 4, [0] * 4, False),
        ([CAR, CAR, CAR, TRUCK], [0] * 4, False),  # an instance of each class, both too small
        ([CAR, CAR, CAR, BUS], [0] * 4, False),
        ([CAR] * 4, [0, 0, 256, 256], False),  # one instance in 8 bits
        ([CAR] * 4, [2**31 - 1] * 4, True),
    ],
)
def test_what_is_resized(label: list[int], instance: list[int], expected: bool) -> None:
    coord, synthesised = synthesise(scene_of(SQUARE, label, instance), SOURCES, DOUBLED, np.random.default_rng(0))
    assert synthesised.tolist() == [expected] * 4
    assert (coord[0, 0] == -1) == expected


def test_ids_that_meet_in_8_bits_keep_their_own_centroids() -> None:
    far = (np.array(SQUARE) + 100).tolist()
    scene = scene_of(SQUARE + far, [CAR] * 8, [3] * 4 + [3 + 256] * 4)
    coord, _ = synthesise(scene, SOURCES, DOUBLED, np.random.default_rng(0))
    assert coord[0].tolist() == [-1, -1, -1]
    assert coord[4].tolist() == [99, 99, 99]


def test_ids_that_span_classes_keep_their_own_centroids() -> None:
    far = (np.array(SQUARE) + 100).tolist()
    scene = scene_of(SQUARE + far, [CAR] * 4 + [TRUCK] * 4, [3] * 8)
    assert [group.tolist() for group in instances(scene, SOURCES)] == [[0, 1, 2, 3], [4, 5, 6, 7]]
    coord, _ = synthesise(scene, SOURCES, DOUBLED, np.random.default_rng(0))
    assert coord[0].tolist() == [-1, -1, -1]
    assert coord[4].tolist() == [99, 99, 99]


@given(scenes(), st.sampled_from([0, 0.5, 1]), st.integers(0, 99))
def test_laws(scene: Scene, share: float, seed: int) -> None:
    options = Synthesis(share=share, least_points=LEAST)
    coord, synthesised = synthesise(scene, SOURCES, options, np.random.default_rng(seed))
    for points in groups(scene):
        before, after = scene.coord[points].astype(np.float64), coord[points].astype(np.float64)
        assert len(set(synthesised[points].tolist())) == 1
        if not synthesised[points[0]]:
            assert not (eligible(scene, points) and share == 1)
            assert (before == after).all()
            continue
        assert eligible(scene, points)
        assert share > 0
        assert after.mean(0) == pytest.approx(before.mean(0), abs=1e-4)
        factor = np.linalg.norm(after[0] - after[1]) / np.linalg.norm(before[0] - before[1])
        assert 1.5 - 1e-3 <= factor <= 3 + 1e-3 or 0.25 - 1e-3 <= factor <= 0.5 + 1e-3
        apart = np.linalg.norm(before[:, None] - before, axis=2)
        assert np.linalg.norm(after[:, None] - after, axis=2) == pytest.approx(factor * apart, rel=1e-3, abs=1e-3)


@given(scenes(), st.integers(0, 99))
def test_same_generator_same_objects(scene: Scene, seed: int) -> None:
    options = Synthesis(least_points=LEAST)
    first, second = (synthesise(scene, SOURCES, options, np.random.default_rng(seed)) for _ in range(2))
    assert np.array_equal(first[0], second[0])
    assert np.array_equal(first[1], second[1])


@given(scenes(), st.integers(0, 99))
def test_nothing_is_read_of_points_of_other_classes(scene: Scene, seed: int) -> None:
    other = ~np.isin(scene.label, SOURCES)
    generator = np.random.default_rng(seed)
    label, instance = scene.label.copy(), scene.instance.copy()
    label[other] = generator.choice([ROAD, BUS, VOID], other.sum())
    instance[other] = generator.integers(-1, 2**31, other.sum())
    options = Synthesis(least_points=LEAST)
    answers = []
    for seen in (scene, replace(scene, label=label, instance=instance)):
        seen, _ = with_instances(seen, SOURCES, 5)
        answers.append(synthesise(seen, SOURCES, options, np.random.default_rng(seed)))
    assert np.array_equal(answers[0][0], answers[1][0])
    assert np.array_equal(answers[0][1], answers[1][1])


def test_shares_are_what_they_say() -> None:
    cars = 4000
    scene = Scene(
        coord=np.tile(np.array(SQUARE, np.float32), (cars, 1)),
        label=np.full(4 * cars, CAR, np.uint8),
        instance=np.repeat(np.arange(cars, dtype=np.int32), 4),
    )
    options = Synthesis(share=0.3, least_points=LEAST)
    coord, synthesised = synthesise(scene, SOURCES, options, np.random.default_rng(0))
    resized = synthesised[::4]
    factor = (coord[1::4, 0] - coord[::4, 0])[resized] / 2
    # Within four standard deviations of what is drawn.
    assert resized.mean() == pytest.approx(0.3, abs=0.03)
    assert (factor > 1).mean() == pytest.approx(0.5, abs=0.06)
    assert factor[factor > 1].mean() == pytest.approx(2.25, abs=0.08)
    assert factor[factor < 1].mean() == pytest.approx(0.375, abs=0.015)


def test_sources_are_classes_of_the_dataset() -> None:
    protocol = make_protocol(CLASSES, ["bus"])
    assert source_classes(protocol, ["car", "truck", "person"]).tolist() == SOURCES.tolist()
    assert source_classes(protocol, ["car"]).tolist() == [CAR]


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (["car", "bus"], "sources: class bus is unknown in this protocol, expected known classes alone"),
        (["cart"], "sources: class cart does not exist in the dataset, did you mean car; name a known class"),
        ([], "sources: holds no class, expected one or more"),
    ],
)
def test_sources_that_make_no_unknown_object_are_refused(names: list[str], sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        source_classes(make_protocol(CLASSES, ["bus"]), names)


def test_scene_without_instances_has_its_components_resized_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    say_that_components_stand_in.cache_clear()
    close = [[x / 20, y / 20, z / 20] for x, y, z in SQUARE]
    scene = scene_of([*close, [9, 9, 9]], [CAR] * 4 + [ROAD], [NO_INSTANCE] * 5)
    for _ in range(2):
        after, synthesised = altered(scene, SOURCES, DOUBLED, np.random.default_rng(0))
    assert after.coord[:4] == pytest.approx(np.array([[-1, -1, -1], [3, -1, -1], [-1, 3, -1], [3, 3, 7]]) / 20)
    assert synthesised.tolist() == [True] * 4 + [False]
    assert capsys.readouterr().out.count("no instances: points of a class within 0.3 m") == 1


def test_components_by_hand() -> None:
    # A chain of cars 1 m apart, a truck beside its middle, a car 3 m on, and a bus that touches all.
    coord: list[list[float]] = [[0, 0, 0], [1, 0, 0], [2, 0, 0], [1, 0.1, 0], [5, 0, 0], [1, 0, 0.1]]
    scene = scene_of(coord, [CAR, CAR, CAR, TRUCK, CAR, BUS], [NO_INSTANCE] * 6)
    assert components(scene.coord, scene.label, SOURCES, 1).tolist() == [0, 0, 0, 2, 1, -1]
    assert components(scene.coord, scene.label, SOURCES, 0.5).tolist() == [0, 1, 2, 4, 3, -1]
    assert components(scene.coord, scene.label, np.array([PERSON]), 1).tolist() == [-1] * 6


@given(scenes(), st.sampled_from([0.1, 4, 12, 40, 1000]))
def test_components_are_as_far_as_reach_goes(scene: Scene, reach: float) -> None:
    found = components(scene.coord, scene.label, SOURCES, reach)
    same = found[:, None] == found
    of_source = np.isin(scene.label, SOURCES)
    assert np.array_equal(found >= 0, of_source)
    alike = (scene.label[:, None] == scene.label) & of_source
    apart = np.linalg.norm(scene.coord[:, None].astype(np.float64) - scene.coord, axis=2)
    # Two points stand for others at most sqrt(3) / 4 of reach away, which leaves more than an eighth.
    assert same[alike & (apart <= reach / 8)].all()
    connected = alike & (apart <= reach)
    for _ in range(7):  # chains of up to 2^7 steps, which 80 points have
        connected |= connected @ connected
    assert connected[same & of_source].all()


def test_points_farther_apart_than_their_voxels_are_connected_exactly() -> None:
    generator = np.random.default_rng(0)
    coord = generator.permutation(np.argwhere(generator.random((12, 12, 12)) < 0.12)).astype(np.float32)
    found = components(coord, np.full(len(coord), CAR, np.uint8), SOURCES, 1.5)
    connected = np.linalg.norm(coord[:, None] - coord, axis=2) <= 1.5
    for _ in range(8):
        connected |= connected @ connected
    assert np.array_equal(found[:, None] == found, connected)
    assert len(set(found.tolist())) > 20


@pytest.mark.parametrize(
    ("label", "instance", "made"),
    [
        ([CAR, CAR, BUS], [-1, -1, -1], True),
        ([CAR, CAR, BUS], [-1, -1, 5], True),  # what an unknown object has says nothing
        ([CAR, CAR, BUS], [-1, 5, -1], False),
        ([ROAD, BUS, VOID], [-1, -1, -1], False),
    ],
)
def test_components_stand_in_where_sources_have_no_instances(
    label: list[int], instance: list[int], made: bool
) -> None:
    scene = scene_of(SQUARE[:3], label, instance)
    after, told = with_instances(scene, SOURCES, 2)
    assert told == made
    assert after.instance.tolist() == ([0, 0, -1] if made else instance)
