"""Where furniture stands: nothing overlaps, chairs stand at tables, pictures hang on walls."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openworld3d.generators.plan import turn
from openworld3d.generators.rooms.footprint import Footprint, footprint
from openworld3d.generators.rooms.generation import furnish
from openworld3d.generators.rooms.model import Placed
from openworld3d.generators.rooms.plan import Plan

ROOM_TYPES = 5
SEEDS = range(4)


@pytest.fixture(scope="module")
def plans() -> list[Plan]:
    return [
        furnish(index, np.random.default_rng([seed, 9, index]))[0] for seed in SEEDS for index in range(ROOM_TYPES)
    ]


def of_kind(plan: Plan, kind: str) -> list[Placed]:
    return [placed for placed in plan.placed if placed.model.kind == kind]


def test_no_two_pieces_overlap(plans: list[Plan]) -> None:
    for plan in plans:
        boxes = [footprint(placed) for placed in plan.placed]
        for number, first in enumerate(boxes):
            assert not any(first.overlaps(second) for second in boxes[:number])


def test_all_pieces_lie_in_the_room(plans: list[Plan]) -> None:
    for plan in plans:
        for placed in plan.placed:
            box = footprint(placed)
            assert (box.corners() > -0.001).all()
            assert (box.corners() < np.add((plan.room.width, plan.room.depth), 0.001)).all()
            assert -0.001 < box.low < box.high < plan.room.height + 0.001


def test_models_keep_within_their_footprint(plans: list[Plan]) -> None:
    # Doors and windows reach into their wall and a sink into its worktop: behind the back, below the base.
    for plan in plans[:ROOM_TYPES]:
        for placed in plan.placed:
            points = placed.model.sample(0.05, np.random.default_rng(0)).points
            width, depth, height = placed.model.size
            assert (points < (width / 2 + 0.03, depth + 0.03, height + 0.03)).all(), placed.model.label
            assert (points > (-width / 2 - 0.03, -0.1, -0.2)).all(), placed.model.label


def test_chairs_stand_at_a_table_a_desk_or_a_wall(plans: list[Plan]) -> None:
    for plan in plans:
        anchors = of_kind(plan, "table") + of_kind(plan, "desk")
        for chair in of_kind(plan, "chair"):
            if chair.model.label == "armchair":
                continue
            front = np.array([chair.to_room((0.0, chair.model.size[1]))])
            back = np.array(chair.position)
            to_wall = min(*back, *(np.array((plan.room.width, plan.room.depth)) - back))
            near = min((footprint(anchor).distance(front)[0] for anchor in anchors), default=np.inf)
            assert near < 0.3 or to_wall < 0.1


def test_pictures_windows_and_doors_are_at_a_wall(plans: list[Plan]) -> None:
    for plan in plans:
        for kind in ("picture", "window", "door"):
            for placed in of_kind(plan, kind):
                gaps = [
                    abs(((np.array(placed.position) - wall.start) @ turn(wall.angle))[1])
                    for wall in plan.walls
                    if np.isclose(wall.angle, placed.angle)
                ]
                assert min(gaps) < 0.01


def test_windows_and_doors_are_cut_into_the_walls(plans: list[Plan]) -> None:
    for plan in plans:
        holes = sum(len(openings) for openings in plan.openings)
        assert holes == len(of_kind(plan, "window")) + len(of_kind(plan, "door"))


def test_the_sofa_of_a_living_room_faces_its_table(plans: list[Plan]) -> None:
    for plan in plans[::ROOM_TYPES]:
        sofa = of_kind(plan, "sofa")[0]
        front = np.array([sofa.to_room((0.0, sofa.model.size[1]))])
        assert min(footprint(table).distance(front)[0] for table in of_kind(plan, "table")) < 0.7


def test_the_shower_curtain_hangs_along_the_tub(plans: list[Plan]) -> None:
    for plan in plans[4::ROOM_TYPES]:
        tub, cloth = of_kind(plan, "bathtub")[0], of_kind(plan, "shower curtain")[0]
        assert footprint(tub).distance(np.array([cloth.position]))[0] < 0.1


def test_a_passage_remains(plans: list[Plan]) -> None:
    for plan in plans:
        free = plan.free_floor()
        assert len(free) * 0.01 > 1.0
        assert np.linalg.norm(free - plan.entrance, axis=1).min() < 0.6


def test_no_two_rooms_of_a_type_are_alike(plans: list[Plan]) -> None:
    for kind in range(ROOM_TYPES):
        assert len({round(plan.room.width, 3) for plan in plans[kind::ROOM_TYPES]}) == len(SEEDS)


SIDE = st.floats(0.1, 2.0)
ANGLE = st.floats(-np.pi, np.pi)


@settings(max_examples=60, deadline=None)
@given(x=st.floats(-3, 3), y=st.floats(-3, 3), a=SIDE, b=SIDE, angle=ANGLE)
def test_overlap_agrees_with_sampled_points(x: float, y: float, a: float, b: float, angle: float) -> None:
    fixed = Footprint((0.0, 0.0), (1.0, 0.5), 0.3, 0.0, 1.0)
    other = Footprint((x, y), (a, b), angle, 0.5, 2.0)
    grid = np.stack(np.meshgrid(np.linspace(-1, 1, 41), np.linspace(-1, 1, 41)), axis=-1).reshape(-1, 2)
    points = grid * other.half @ turn(angle).T + other.centre
    margin = fixed.distance(points).min()
    if fixed.overlaps(other):
        assert margin < 0.15
    else:
        assert margin > 0
    assert fixed.overlaps(other) == other.overlaps(fixed)


def test_a_piece_above_another_does_not_overlap_it() -> None:
    below = Footprint((0.0, 0.0), (1.0, 0.5), 0.0, 0.0, 1.0)
    above = Footprint((0.0, 0.0), (0.2, 0.2), 0.5, 1.0, 2.0)
    assert not below.overlaps(above)
