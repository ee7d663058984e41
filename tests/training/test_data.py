from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from tests.backbones.test_stratified_transformer import SMALL
from tests.small_run import CLASSES, config_of, write_run

from openworld3d.backbones.stratified_transformer import build
from openworld3d.errors import UserError
from openworld3d.networks import distributed
from openworld3d.networks.backbone import Backbone
from openworld3d.protocols.protocol import IGNORED, make_protocol
from openworld3d.training.augmentation import TrainingData
from openworld3d.training.data import Batch, epoch_batches, steps_of_epoch


@pytest.fixture(scope="module")
def network() -> Backbone:
    return build(SMALL, 6, 2)


@pytest.fixture
def data(tmp_path: Path) -> TrainingData:
    folder = write_run(tmp_path, rooms=3).parent
    scenes = [folder / f"room{number}.npz" for number in range(3)]
    return TrainingData(scenes, make_protocol(CLASSES, ["sofa"]), np.ones(2, np.float32), config_of())


def batches(network: Backbone, data: TrainingData, **recipe: Any) -> list[Batch]:
    return list(epoch_batches(network, data._replace(config=config_of(**recipe)), 0))


def leaves(part: Any) -> list[Any]:
    """Return what a batch consists of, arrays and tensors by type, shape and bytes."""
    if isinstance(part, (tuple, list)):
        return [leaf for each in part for leaf in leaves(each)]
    if isinstance(part, torch.Tensor):
        part = part.numpy()
    return [(part.dtype, part.shape, part.tobytes())] if isinstance(part, np.ndarray) else [part]


def test_an_epoch_shows_every_scene_as_often_as_it_loops(network: Backbone, data: TrainingData) -> None:
    once, twice = (data._replace(config=config_of(scenes_per_step=2, loop=loop)) for loop in (1, 2))
    assert (steps_of_epoch(once), steps_of_epoch(twice)) == (2, 3)
    one = batches(network, data)
    shown = batches(network, data, loop=2)
    assert [len(one), len(shown)] == [3, 6]
    sizes = [len(batch.target) for batch in shown]
    # One random point per voxel: the size tells the room.
    assert sorted(sizes) == sorted(2 * [len(batch.target) for batch in one])
    assert all(batch.left_out == 0 for batch in shown)


def test_batch_leaves_out_the_clouds_that_are_too_many(network: Backbone, data: TrainingData) -> None:
    (whole,) = batches(network, data, scenes_per_step=3)
    first = batches(network, data, scenes_per_step=1)[0]
    (bounded,) = batches(network, data, scenes_per_step=3, batch_voxels=len(first.target) + 1)
    assert len(bounded.target) == len(first.target)
    assert bounded.left_out == len(whole.target) - len(first.target) > 0


def test_batch_keeps_within_its_pairs(network: Backbone, data: TrainingData) -> None:
    (whole,) = batches(network, data, scenes_per_step=3)
    first = batches(network, data, scenes_per_step=1)[0]
    (bounded,) = batches(network, data, scenes_per_step=3, batch_pairs=first.geometry.pairs)
    assert bounded.geometry.pairs == first.geometry.pairs < whole.geometry.pairs
    (halved,) = batches(network, data, scenes_per_step=3, batch_pairs=first.geometry.pairs - 1)
    assert halved.geometry.pairs < first.geometry.pairs
    assert len(halved.target) == len(first.target) // 2
    assert halved.left_out == len(whole.target) - len(halved.target)


def test_bound_that_no_voxel_keeps_is_refused(network: Backbone, data: TrainingData) -> None:
    with pytest.raises(UserError, match="batch_pairs is 0, and one voxel has 1; raise it"):
        batches(network, data, batch_pairs=0)


def test_process_without_a_scene_takes_part_unlabelled(
    network: Backbone, data: TrainingData, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = batches(network, data, scenes_per_step=2)
    monkeypatch.setattr(distributed, "processes", lambda: 2)
    monkeypatch.setattr(distributed, "rank", lambda: 1)
    full, partial = batches(network, data, scenes_per_step=2)
    assert 0 < len(full.target) < len(whole[0].target)
    assert (full.target != IGNORED).any()
    assert partial.feature.equal(whole[1].feature)
    assert (partial.target == IGNORED).all()
    assert partial.left_out == 0


@pytest.mark.parametrize("workers", [1, 2])
def test_batches_are_the_same_for_any_number_of_workers(network: Backbone, data: TrainingData, workers: int) -> None:
    data = data._replace(config=config_of(scenes_per_step=2))
    alone = [batch for epoch in (4, 5) for batch in epoch_batches(network, data, epoch)]
    made = list(epoch_batches(network, data, 4, 5, workers=workers))
    assert list(map(leaves, made)) == list(map(leaves, alone))
    assert len(made) == 4
