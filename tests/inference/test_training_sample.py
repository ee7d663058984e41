from __future__ import annotations

from pathlib import Path
from typing import cast

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.networks.test_inputs import RANGE
from tests.small_run import write_split
from tests.toy_network import TOY_RECIPE, ToyNetwork
from torch import nn

from openworld3d.inference import training_sample
from openworld3d.inference.crops import Bounds
from openworld3d.inference.model import Model, Trained
from openworld3d.inference.training_sample import BalancedSample, draw_sample, last_layer
from openworld3d.protocols.protocol import IGNORED
from openworld3d.scenes.manifests import Scenes, read_scenes
from openworld3d.scenes.scene import Scene


@pytest.fixture(autouse=True)
def _two_of_each_class(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training_sample, "VOXELS_PER_CLASS", 2)


def sampled(targets: list[list[int]], classes: int, seed: int = 0) -> dict[str, np.ndarray]:
    """Return the sample of rows that are offered in some parts; a row's `logits` is its number."""
    sample = BalancedSample(classes, np.random.default_rng(seed))
    first = 0
    for part in targets:
        rows = np.arange(first, first + len(part), dtype=np.float32)[:, None]
        sample.offer(np.array(part, np.int64), {"logits": rows})
        first += len(part)
    return sample.result()


def test_few_rows_are_all_kept_by_class_and_the_unlabelled_are_not() -> None:
    sample = sampled([[1, IGNORED], [0, 1]], 3)
    assert sample["target"].tolist() == [0, 1, 1]
    assert sample["target"].dtype == np.uint8
    assert sorted(sample["logits"][1:, 0].tolist()) == [0, 3]
    assert sample["logits"][0] == 2
    assert sample["weight"].tolist() == [1, 1, 1]


def test_weight_is_how_many_voxels_a_row_stands_for() -> None:
    sample = sampled([[0] * 7, [1] * 2, [0] * 3], 2)
    assert sample["target"].tolist() == [0, 0, 1, 1]
    assert sample["weight"].tolist() == [5, 5, 1, 1]


def test_every_row_of_a_class_is_kept_as_often_wherever_it_is_offered() -> None:
    kept = np.concatenate([sampled([[0, 0], [0, 0, 0], [0]], 1, seed)["logits"][:, 0] for seed in range(2000)])
    assert np.bincount(kept.astype(int)) / 2000 == pytest.approx(np.full(6, 2 / 6), abs=0.05)


@settings(deadline=None)
@given(st.lists(st.lists(st.sampled_from([0, 1, 2, IGNORED]), max_size=9), min_size=1, max_size=4))
def test_weights_add_up_to_the_labelled_rows(targets: list[list[int]]) -> None:
    sample = sampled(targets, 3)
    flat = np.concatenate([np.array(part, np.int64) for part in targets])
    for column in range(3):
        rows = sample["target"] == column
        assert rows.sum() == min(2, (flat == column).sum())
        assert sample["weight"][rows].sum() == pytest.approx((flat == column).sum())
    assert all(flat[int(row)] == target for row, target in zip(sample["logits"][:, 0], sample["target"]))


CLASSES = ["floor", "sofa", "wall"]


def trained(known: list[str]) -> Trained:
    network = ToyNetwork()
    model = Model(network, TOY_RECIPE, 0.5, RANGE, torch.device("cpu"))
    return Trained(model, Bounds(1000, 10**6), known, ["sofa"])


@pytest.fixture
def scenes(tmp_path: Path) -> Scenes:
    """Return two scenes of four points a metre apart: two of the floor, one of the sofa, one of the wall."""

    def scene(height: float) -> Scene:
        coord = np.array([[0, 0, height], [1, 0, height], [2, 0, height], [3, 0, height]], np.float32)
        label = np.array([0, 1, 2, 0], np.uint8)
        return Scene(coord, label, np.full(4, -1, np.int32), color=np.zeros((4, 3), np.uint8))

    return read_scenes([write_split(tmp_path, {"low": scene(0), "high": scene(2)})])


@pytest.mark.parametrize(("unknown_points", "together"), [("ignore", 4), ("remove", 3)])
def test_network_sees_what_training_did_and_no_unknown_is_sampled(
    scenes: Scenes, unknown_points: str, together: int
) -> None:
    sample = draw_sample(trained(["floor", "wall"]), scenes, unknown_points, 0)
    assert sorted(sample) == ["logits", "place", "target", "weight"]
    assert sample["target"].tolist() == [0, 0, 1, 1]
    assert sample["weight"].tolist() == [2, 2, 1, 1]
    # The toy's logits are the redness, the height and the number of points shown together.
    assert sample["logits"][:, 2].tolist() == [together] * 4
    assert sorted(sample["place"][2:, 2].tolist()) == [0, 2]
    assert set(sample["place"][2:, 0].tolist()) == {2}


def test_range_of_a_voxel_is_kept_where_a_sensor_saw_it(tmp_path: Path) -> None:
    coord = np.array([[3, 4, 0], [0, 0, 7], [6, 0, 8]], np.float32)
    scan = Scene(coord, np.array([0, 2, 1], np.uint8), np.full(3, -1, np.int32), origin_is_sensor=True)
    scan.color = np.zeros((3, 3), np.uint8)
    sample = draw_sample(
        trained(["floor", "wall"]), read_scenes([write_split(tmp_path, {"scan": scan})]), "ignore", 0
    )
    assert sample["range"].tolist() == [[5], [7]]
    assert sample["range"].dtype == np.float32


def test_target_is_the_column_of_the_network(scenes: Scenes) -> None:
    sample = draw_sample(trained(["wall", "floor"]), scenes, "ignore", 0)
    assert set(sample["place"][sample["target"] == 0, 0].tolist()) == {2}
    assert set(sample["place"][sample["target"] == 1, 0].tolist()) <= {0, 3}


def test_equal_seeds_draw_alike(scenes: Scenes) -> None:
    draws = [draw_sample(trained(["floor", "wall"]), scenes, "ignore", seed) for seed in (0, 0, *range(1, 9))]
    assert np.array_equal(draws[0]["place"], draws[1]["place"])
    assert any(not np.array_equal(draws[0]["place"], draw["place"]) for draw in draws[2:])


def test_last_layer_makes_logits_of_features() -> None:
    network = ToyNetwork()
    last = nn.Linear(2, 3)
    network.classifier = nn.Sequential(nn.ReLU(), last)
    arrays = last_layer(network)
    features = torch.tensor([[1.0, 2.0]])
    expected = features.numpy() @ arrays["last_weight"].T + arrays["last_bias"]
    assert cast(torch.Tensor, last(features)).detach().numpy() == pytest.approx(expected)
