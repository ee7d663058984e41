"""What rays meet: hits computed by hand, what stands behind a wall, and all rays with all shapes, without culling."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openworld3d.generators.plan import turn_about_z
from openworld3d.generators.streets.casting import NOTHING, Hits, cast
from openworld3d.generators.streets.culling import Grid, windows
from openworld3d.generators.streets.intersection import Local, meet
from openworld3d.generators.streets.materials import SOLID
from openworld3d.generators.streets.scene import solids_of
from openworld3d.generators.streets.shapes import Shape, ball, box, sheet, slope, tube

FAR = 120.0
GRID = Grid(np.radians([2.0, 0.0, -5.0, -10.0, -30.0]), 360)
COARSE = Grid(np.radians([20.0, 7.0, 1.0, -4.0, -11.0, -24.0]), 90)
GROUND = sheet((-200, -200, -1.73), (400, 0, 0), (0, 400, 0))


def look(*shapes: Shape, grid: Grid = GRID) -> Hits:
    """Cast all rays of a grid at solid shapes."""
    return cast(solids_of(shapes, [SOLID] * len(shapes)), grid, FAR, np.random.default_rng(0))


def ray(beam: int, degrees: int) -> int:
    """Return the number of a ray of `GRID`."""
    return beam * GRID.columns + degrees


def test_ground_is_met_at_height_over_sine_of_the_angle() -> None:
    hits = look(GROUND)
    distance = hits.distance.reshape(len(GRID.elevations), GRID.columns)
    assert np.isinf(distance[:2]).all()
    for beam, degrees in ((2, 5), (3, 10), (4, 30)):
        np.testing.assert_allclose(distance[beam], 1.73 / np.sin(np.radians(degrees)))
        np.testing.assert_allclose(hits.cosine[ray(beam, 0) : ray(beam, 360)], np.sin(np.radians(degrees)))


def test_nothing_is_met_beyond_the_range() -> None:
    assert (look(sheet((121, -5, -5), (0, 10, 0), (0, 0, 10))).part == NOTHING).all()
    assert (look(sheet((119, -5, -5), (0, 10, 0), (0, 0, 10))).part != NOTHING).any()


# Ray level and straight ahead, or as many degrees to the left; distance and cosine computed by hand.
CASES: list[tuple[str, Shape, int, float, float]] = [
    ("face of a box", box((10, -1, -1), (12, 1, 1)), 0, 10.0, 1.0),
    ("box to the left", box((-1, 5, -1), (1, 6, 1)), 90, 5.0, 1.0),
    ("box behind", box((-9, -1, -1), (-7, 1, 1)), 180, 7.0, 1.0),
    # Half as long at its top as at its bottom, 2 m below and above: half way up it begins a quarter of 4 m later.
    ("box that tapers", box((10, -2, -2), (14, 2, 2), (0.5, 1.0)), 0, 10.5, 4 / np.hypot(4, 1)),
    ("ball", ball((10, 0, 0), (2, 3, 1)), 0, 8.0, 1.0),
    # The ray touches y = 1 of a ball of radius 2 at x = 10 - sqrt(3).
    ("ball off the middle", ball((10, -1, 0), (2, 2, 2)), 0, 10 - np.sqrt(3), np.sqrt(3) / 2),
    ("upright cylinder", tube((10, 0, -1), (10, 0, 1), 0.5), 0, 9.5, 1.0),
    ("lying cylinder's lid", tube((10, 0, 0), (14, 0, 0), 0.5), 0, 10.0, 1.0),
    # A cone of radius 2 at z = -1 and 0 at z = 1 has radius 1 half way; its side rises 2 over 2.
    ("cone", tube((10, 0, -1), (10, 0, 1), 2.0, 0.0), 0, 9.0, np.sqrt(0.5)),
    ("wall at 45 degrees", sheet((10, -5, -1), (10, 10, 0), (0, 0, 2)), 0, 15.0, np.sqrt(0.5)),
]


@pytest.mark.parametrize(("name", "shape", "degrees", "distance", "cosine"), CASES, ids=[case[0] for case in CASES])
def test_hit_is_where_a_hand_computes_it(
    name: str, shape: Shape, degrees: int, distance: float, cosine: float
) -> None:
    hits = look(shape)
    assert hits.distance[ray(1, degrees)] == pytest.approx(distance)
    assert hits.cosine[ray(1, degrees)] == pytest.approx(cosine)
    assert hits.part[ray(1, degrees)] == 0
    assert hits.part[ray(1, (degrees + 180) % 360)] == NOTHING


def test_slope_rises_from_its_lowest_to_its_highest_y() -> None:
    bank = slope((-50, 2, -3), (50, 12, -2), 4.0)
    inverse = np.linalg.inv(bank.matrix)
    for y, top in ((2, -4.0), (7, -2.0), (12, 0.0)):
        np.testing.assert_allclose((inverse @ (np.array([0, y, top]) - bank.centre))[2], 1.0)


def test_what_stands_behind_a_wall_is_never_met() -> None:
    wall = sheet((5, -5, -5), (0, 10, 0), (0, 0, 10))
    behind = [ball((9, 0, 0), (2, 2, 1)), box((8, -3, -1), (9, 3, 1)), tube((7, 1, -2), (7, 1, 2), 0.3)]
    assert set(look(*behind, wall).part) == {NOTHING, 3}
    assert set(look(*behind).part) > {NOTHING, 2}


def test_a_ray_comes_through_leaves_as_often_as_their_density_says() -> None:
    grid = Grid(np.radians([0.0]), 4000)
    ring = solids_of([box((4, -30, -1), (6, 30, 1)), box((9, -30, -1), (10, 30, 1))], [0.5, SOLID])
    hits = cast(ring, grid, FAR, np.random.default_rng(0))
    ahead = np.abs(np.arctan2(grid.directions()[:, 1], grid.directions()[:, 0])) < np.radians(20)
    way = 2.0 / grid.directions()[ahead, 0]
    through = (hits.part[ahead] == 1).mean()
    assert through == pytest.approx(np.exp(-0.5 * way).mean(), abs=0.1)
    inside = hits.distance[ahead & (hits.part == 0)]
    assert (inside > 4.0).all()
    assert (inside < 6.0 / np.cos(np.radians(20))).all()


NUMBER = st.floats(-1, 1)


@st.composite
def shapes(draw: st.DrawFn) -> Shape:
    """Return a shape of any form somewhere about the sensor, which is outside it."""
    size = [0.2 + 3 * abs(draw(NUMBER)) for _ in range(3)]
    taper = draw(st.sampled_from([(1.0, 1.0), (0.5, 1.0), (0.0, 0.3)]))
    low = np.negative(size)
    forms = [
        box(low, size, taper),
        ball((0, 0, 0), size),
        tube((0, 0, -size[2]), (0.3, 0, size[2]), size[0], taper[0]),
        sheet((0, 0, 0), (size[0], 0.1, 0), (0, 0.2, size[1])),
    ]
    form = draw(st.sampled_from(forms))
    away = 6.0 + 20 * abs(draw(NUMBER))
    bearing, height = np.pi * draw(NUMBER), 4 * draw(NUMBER)
    place = np.array([away * np.cos(bearing), away * np.sin(bearing), height])
    return form.moved(turn_about_z(np.pi * draw(NUMBER)), place)


@settings(max_examples=60, deadline=None)
@given(scene=st.lists(shapes(), min_size=1, max_size=6))
def test_culling_leaves_out_no_hit(scene: list[Shape]) -> None:
    scene = [*scene, GROUND]
    rays = COARSE.directions()
    entered = []
    for shape in scene:
        inverse = np.linalg.inv(shape.matrix)
        origin = np.broadcast_to(-inverse @ shape.centre, rays.shape)
        taper = np.broadcast_to(shape.taper, (len(rays), 2))
        entered.append(meet(shape.form, Local(origin, rays @ inverse.T, taper))[0])
    nearest = np.min(entered, axis=0)
    hits = look(*scene, grid=COARSE)
    np.testing.assert_allclose(hits.distance, np.where(nearest > FAR, np.inf, nearest))
    met = hits.part != NOTHING
    np.testing.assert_allclose(np.array(entered)[hits.part[met], met], nearest[met])


@settings(max_examples=60, deadline=None)
@given(shape=shapes(), seed=st.integers(0, 2**32 - 1))
def test_points_inside_a_shape_are_met_by_the_ray_through_them(shape: Shape, seed: int) -> None:
    rng = np.random.default_rng(seed)
    # The middle of every form, and points close to it, lie inside.
    point = shape.centre + shape.matrix @ (rng.uniform(-0.1, 0.1, 3) * [1, 1, 0])
    direction = point / np.linalg.norm(point)
    inverse = np.linalg.inv(shape.matrix)
    taper = np.array([shape.taper])
    enter, leave = meet(shape.form, Local((-inverse @ shape.centre)[None], (inverse @ direction)[None], taper))
    assert enter[0] <= np.linalg.norm(point) + 1e-9
    assert leave[0] >= np.linalg.norm(point) - 1e-9


def test_a_small_thing_is_asked_of_few_rays() -> None:
    solids = solids_of([ball((20, 0, 0), (0.5, 0.5, 0.5)), GROUND], [SOLID, SOLID])
    seen = windows(solids.matrix, solids.centre, GRID, FAR)
    # Its box ends 0.5 m / 19.5 m = 1.5 degrees beside the middle: three columns, and of the beams the level one.
    assert (seen.columns[0], seen.beams[0]) == (3, 1)
    assert (seen.columns[1], seen.beams[1]) == (360, 3)
