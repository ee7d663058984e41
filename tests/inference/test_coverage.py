from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from openworld3d.inference.coverage import TURNS, fragments, output_rows, showings
from openworld3d.scenes.scene import Scene
from openworld3d.scenes.voxels import pick_points, voxelise

SCHEMA = Path(__file__).resolve().parents[2] / "schemas/config.schema.yaml"
SIZE = 0.7


def scene_of(coord: np.ndarray) -> Scene:
    points = len(coord)
    color = np.zeros((points, 3), np.uint8)
    return Scene(coord, np.zeros(points, np.uint8), np.full(points, -1, np.int32), color=color)


def scene(points: int, seed: int) -> Scene:
    return scene_of(np.random.default_rng(seed).uniform(-2, 2, (points, 3)).astype(np.float32))


def shown(given: Scene, coverage: str) -> list[tuple[Scene, np.ndarray]]:
    return list(showings(given, SIZE, coverage, np.random.default_rng(0)))


def test_config_offers_what_there_is() -> None:
    schema = yaml.safe_load(SCHEMA.read_text())
    assert schema["$defs"]["table"]["properties"]["coverage"]["enum"] == list(TURNS)


def test_fragments_by_hand() -> None:
    # Voxels of three, one and two points.
    coord = np.array([[x, 0, 0] for x in (0, 1, 0.1, 2, 0.2, 2.1)], np.float32)
    dealt = [part.tolist() for part in fragments(scene_of(coord), SIZE, np.random.default_rng(0))]
    assert len(dealt) == 3
    first, second, third = ([part[place] for part in dealt] for place in range(3))
    assert sorted(first) == [0, 2, 4]
    assert second == [1, 1, 1]
    assert third in ([3, 5, 3], [5, 3, 5])


@given(st.integers(1, 60), st.integers(0, 99))
def test_fragments_hold_every_point_and_one_of_each_voxel(points: int, seed: int) -> None:
    given = scene(points, seed)
    voxel = voxelise(given.coord, SIZE)
    dealt = list(fragments(given, SIZE, np.random.default_rng(seed)))
    assert all(voxel[part].tolist() == list(range(voxel.max() + 1)) for part in dealt)
    visits = Counter(np.concatenate(dealt).tolist())
    assert set(visits) == set(range(points))
    # Within a voxel no point is visited twice before another is visited once.
    for cell in range(voxel.max() + 1):
        of_cell = [visits[point] for point in np.flatnonzero(voxel == cell).tolist()]
        assert max(of_cell) - min(of_cell) <= 1
        assert sum(of_cell) == len(dealt)


@given(st.integers(1, 60), st.integers(0, 99))
def test_a_voxel_deals_its_points_in_the_order_of_one_permutation(points: int, seed: int) -> None:
    given = scene(points, seed)
    voxel = voxelise(given.coord, SIZE)
    order = np.random.default_rng(seed).permutation(points)
    of_cell = [order[voxel[order] == cell].tolist() for cell in range(voxel.max() + 1)]
    expected = [[cell[turn % len(cell)] for cell in of_cell] for turn in range(max(map(len, of_cell)))]
    dealt = fragments(given, SIZE, np.random.default_rng(seed))
    assert [part.tolist() for part in dealt] == expected


@given(st.integers(1, 60), st.integers(0, 99))
def test_every_row_is_spoken_for(points: int, seed: int) -> None:
    given = scene(points, seed)
    for coverage in TURNS:
        row = output_rows(given, SIZE, coverage)
        seen = np.concatenate([row[picked] for _, picked in shown(given, coverage)])
        assert set(seen.tolist()) == set(range(row.max() + 1)) == set(row.tolist())
        assert row.dtype == np.int32


def test_single_is_one_point_of_each_voxel() -> None:
    given = scene(60, 1)
    ((same, picked),) = shown(given, "single")
    assert np.array_equal(same.coord, given.coord)
    assert picked.tolist() == pick_points(voxelise(given.coord, SIZE), np.random.default_rng(0)).tolist()


def test_each_turn_has_voxels_of_its_own() -> None:
    for turned, picked in shown(scene(60, 2), "tta"):
        voxel = voxelise(turned.coord, SIZE)
        assert voxel[picked].tolist() == list(range(voxel.max() + 1))


def test_turns_are_exact_and_about_the_vertical() -> None:
    given = scene_of(np.array([[1, 2, 3], [4, 6, 8]], np.float32))
    first = [turned.coord[0].tolist() for turned, _ in shown(given, "tta")]
    assert first == [[1, 2, 3], [-2, 1, 3], [-1, -2, 3], [2, -1, 3]]
    assert given.coord[0].tolist() == [1, 2, 3]
    assert all(turned.coord.dtype == np.float32 for turned, _ in shown(given, "tta"))


@pytest.mark.parametrize(("coverage", "unturned"), [("tta_scannet", 2), ("tta_s3dis", 4)])
def test_released_test_turns_by_radians_and_counts_the_unturned_scene_again(coverage: str, unturned: int) -> None:
    """90, 180 and 270 radians are 14, 28 and 42 turns and 116.62, 233.24 and 349.86 degrees."""
    given = scene_of(np.array([[1, 0, 3]], np.float32))
    first = np.array([turned.coord[0] for turned, _ in shown(given, coverage)])
    angles = np.rad2deg(np.arctan2(first[:, 1], first[:, 0])) % 360
    assert angles == pytest.approx([0] * unturned + [116.62, 233.24, 349.86], abs=0.01)
    assert first[:, 2].tolist() == [3] * (unturned + 3)


def test_normals_turn_with_their_points() -> None:
    given = replace(scene_of(np.array([[1, 2, 3]], np.float32)), normal=np.array([[0.6, 0, 0.8]], np.float32))
    found = [turned.normal for turned, _ in shown(given, "tta")]
    expected = [[0.6, 0, 0.8], [0, 0.6, 0.8], [-0.6, 0, 0.8], [0, -0.6, 0.8]]
    assert np.concatenate(found) == pytest.approx(np.array(expected))  # type: ignore[arg-type]
