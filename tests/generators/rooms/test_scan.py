"""The simulated scan: what is hidden is missing, what is in sight is kept, noise grows with distance."""

from __future__ import annotations

import numpy as np
import pytest

from openworld3d.generators.rooms.generation import generate_room
from openworld3d.generators.rooms.model import Model, Samples
from openworld3d.generators.rooms.palette import plain
from openworld3d.generators.rooms.scan import View, look, scan
from openworld3d.generators.rooms.shapes import box, rectangle

SPACING = 0.03
GREY = np.full(3, 0.5)


def sample(*pieces: list) -> tuple[Samples, np.ndarray]:
    """Return the samples of several lists of patches and the number of the list of each."""
    models = []
    for patches in pieces:
        model = Model("wall", "wall", (1.0, 1.0, 1.0))
        model.add(patches, GREY, plain)
        models.append(model.sample(SPACING, np.random.default_rng(0)))
    piece = np.repeat(np.arange(len(models)), [len(model.points) for model in models])
    return Samples(*(np.concatenate(arrays) for arrays in zip(*models))), piece


def plane(y: float, width: float) -> list:
    """Return an upright square around the y axis, seen from larger y."""
    return [rectangle((-width / 2, y, 1.5 - width / 2), (0, 0, width), (width, 0, 0))]


def visible(samples: Samples, eye: tuple, target: tuple) -> np.ndarray:
    forward = np.subtract(target, eye)
    view = View(np.array(eye), forward / np.linalg.norm(forward))
    index, _, _ = look(samples.points, samples.normals, view, SPACING)
    seen = np.zeros(len(samples.points), bool)
    seen[index] = True
    return seen


def test_a_plane_behind_a_plane_is_hidden() -> None:
    samples, piece = sample(plane(1.0, 1.0), plane(0.0, 1.0))
    seen = visible(samples, (0.0, 3.0, 1.5), (0.0, 0.0, 1.5))
    assert seen[piece == 0].mean() > 0.99
    assert seen[piece == 1].mean() < 0.01


def test_a_plane_is_seen_past_a_smaller_one() -> None:
    samples, piece = sample(plane(1.0, 0.4), plane(0.0, 2.0))
    seen = visible(samples, (0.0, 3.0, 1.5), (0.0, 0.0, 1.5))
    shadow = (np.abs(samples.points[:, [0, 2]] - (0, 1.5)) < 0.27).all(axis=1) & (piece == 1)
    assert seen[shadow].mean() < 0.01
    beyond = (np.abs(samples.points[:, [0, 2]] - (0, 1.5)) > 0.4).any(axis=1) & (piece == 1)
    assert seen[beyond].mean() > 0.99


@pytest.mark.parametrize("distance", [0.8, 1.5, 2.5, 3.5])
def test_a_floor_seen_at_a_flat_angle_does_not_hide_itself(distance: float) -> None:
    samples, _ = sample([rectangle((-0.3, -0.3, 0), (0.6, 0, 0), (0, 0.6, 0))])
    assert visible(samples, (distance, 0.0, 1.5), (0.0, 0.0, 0.0)).mean() > 0.99


def test_the_floor_below_and_the_wall_behind_a_box_are_missing() -> None:
    floor = [rectangle((-2, 0, 0), (4, 0, 0), (0, 4, 0))]
    wall = [rectangle((-2, 0, 0), (0, 0, 2.5), (4, 0, 0))]
    samples, piece = sample(floor, wall, box((-0.5, 0.02, 0), (0.5, 0.62, 1.8)))
    seen = visible(samples, (0.3, 3.0, 1.5), (0.0, 0.3, 0.9))
    x, y, z = samples.points.T
    below = (piece == 0) & (np.abs(x) < 0.45) & (y > 0.07) & (y < 0.57)
    behind = (piece == 1) & (np.abs(x) < 0.45) & (z < 1.7)
    front = (piece == 2) & (samples.normals[:, 1] > 0.9)
    assert seen[below].mean() < 0.01
    assert seen[behind].mean() < 0.01
    assert seen[front].mean() > 0.95


def test_a_surface_is_not_seen_from_behind_or_from_afar() -> None:
    samples, _ = sample(plane(0.0, 1.0))
    assert not visible(samples, (0.0, -2.0, 1.5), (0.0, 0.0, 1.5)).any()
    assert not visible(samples, (0.0, 6.0, 1.5), (0.0, 0.0, 1.5)).any()


def test_range_noise_grows_with_distance() -> None:
    samples, _ = sample(plane(0.0, 1.0))
    spread = []
    for distance in (1.0, 4.0):
        view = View(np.array([0.0, distance, 1.5]), np.array([0.0, -1.0, 0.0]))
        _, noisy = scan(samples.points, samples.normals, [view], SPACING, np.random.default_rng(0))
        spread.append(noisy[:, 1].std())
    assert 0.001 < spread[0] < 0.005 < spread[1] < 0.03


def test_vertices_come_in_the_order_of_the_views() -> None:
    samples, piece = sample(plane(0.0, 1.0), [rectangle((-0.5, 4, 1), (1, 0, 0), (0, 0, 1))])
    eye = np.array([0.0, 2.0, 1.5])
    views = [View(eye, np.array([0.0, 1.0, 0.0])), View(eye, np.array([0.0, -1.0, 0.0]))]
    seen, _ = scan(samples.points, samples.normals, views, SPACING, np.random.default_rng(0))
    assert (np.diff(piece[seen]) <= 0).all()
    assert set(piece[seen]) == {0, 1}


@pytest.mark.parametrize("index", [0, 4])
def test_a_room_has_the_points_and_the_size_of_a_scan(index: int) -> None:
    room = generate_room(0, 0, index, SPACING)
    assert 40_000 < len(room.coord) < 120_000
    extent = room.coord.max(0) - room.coord.min(0)
    assert (extent > (2.5, 2.3, 2.0)).all()
    assert (extent < (6.5, 5.5, 3.0)).all()
    for kind, least in (("picture", 150), ("sink", 150), ("toilet", 150), ("sofa", 1000)):
        of_kind = [number for number, (name, _) in enumerate(room.objects) if name == kind]
        assert not of_kind or np.isin(room.object_id, of_kind).sum() > least
