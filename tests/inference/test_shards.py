from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openworld3d.errors import UserError
from openworld3d.inference.shards import scenes_of_shard, shard_names
from openworld3d.scenes.manifests import SceneFile, Scenes


def scenes_of(points: list[int]) -> Scenes:
    """Return scenes a, b, c ... of so many points."""
    return Scenes(["wall"], {name_of(n): SceneFile(Path(name_of(n)), each) for n, each in enumerate(points)}, {})


def name_of(number: int) -> str:
    return "abcdefghijklmnopqrstuvwxyz"[number]


@pytest.mark.parametrize(
    ("points", "shards"),
    [
        ([5, 3], ["ab"]),
        ([5, 3], ["a", "b"]),
        ([5, 3], ["a", "b", "", ""]),
        # 9 to the first, 7 and 3 to the second, then 2 to the first.
        ([2, 9, 3, 7], ["ab", "cd"]),
        # Equal scenes go in order, to the first of equal shards.
        ([4, 4, 4, 4, 4], ["ad", "be", "c"]),
        ([1, 8, 1, 1, 1, 1], ["b", "acdef"]),
        ([0, 0], ["ab", ""]),
    ],
)
def test_shards_by_hand(points: list[int], shards: list[str]) -> None:
    found = [scenes_of_shard(scenes_of(points), shard) for shard in shard_names(len(shards))]
    assert ["".join(scenes) for scenes in found] == shards
    assert all(file.path == Path(name) for scenes in found for name, file in scenes.items())


def test_names_by_hand() -> None:
    assert shard_names(1) == ["1of1"]
    assert shard_names(3) == ["1of3", "2of3", "3of3"]


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=20), st.integers(1, 30))
def test_each_scene_is_in_one_shard_and_none_is_much_larger_than_others(points: list[int], count: int) -> None:
    scenes = scenes_of(points)
    shards = [scenes_of_shard(scenes, shard) for shard in shard_names(count)]
    assert sorted(name for shard in shards for name in shard) == sorted(scenes.files)
    order = list(scenes.files)
    for shard in shards:
        assert sum(file.points for file in shard.values()) <= sum(points) / count + max(points)
        assert sorted(shard, key=order.index) == list(shard)


@pytest.mark.parametrize("shard", ["0of4", "5of4", "1of0", "4", "1 of 4", "1of4of4", "-1of4", ""])
def test_shard_that_is_none_is_refused(shard: str) -> None:
    with pytest.raises(UserError, match=f"the shard is {shard!r}, expected 1of4 to 4of4 or others"):
        scenes_of_shard(scenes_of([5]), shard)


def test_protocol_without_a_scene_is_refused() -> None:
    with pytest.raises(UserError, match="the scenes manifests list no scene; the protocol must name scenes to eval"):
        scenes_of_shard(scenes_of([]), "1of1")
