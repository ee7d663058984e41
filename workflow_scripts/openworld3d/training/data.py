"""The batches of an epoch: clouds drawn from scenes within the batch's bounds, prepared while others train."""

from __future__ import annotations

from typing import Iterator, Tuple

import numpy as np
import torch

from openworld3d.errors import UserError
from openworld3d.networks import distributed
from openworld3d.networks.backbone import Backbone
from openworld3d.networks.inputs import Batch, Cloud, join, offsets
from openworld3d.protocols.protocol import IGNORED
from openworld3d.pseudo_labels.marking import prepare_clouds
from openworld3d.scenes.scene import load_scene
from openworld3d.training.augmentation import TrainingData, training_cloud
from openworld3d.training.prefetch import prefetch

Step = Tuple[int, np.ndarray]  # an epoch, and the numbers of its clouds that the processes share in one step


def steps_of_epoch(data: TrainingData) -> int:
    """Return how many steps an epoch has."""
    batching = data.config.batching
    return -(-len(data.scenes) * batching.loop // batching.scenes_per_step)


def epoch_batches(network: Backbone, data: TrainingData, *epochs: int, workers: int = 0) -> Iterator[Batch]:
    """Yield this process's batches of some epochs, prepared by so many workers, or in a thread while the last trains.

    They are the same for any number of workers.
    """

    def make(step: Step) -> Batch:
        epoch, numbers = step
        mine = numbers[distributed.rank() :: distributed.processes()]
        if len(mine):
            return make_batch(network, data, epoch, mine)
        # The last batch may have fewer scenes than there are processes, and each must take part in the step.
        batch = make_batch(network, data, epoch, numbers[:1])
        return batch._replace(target=torch.full_like(batch.target, IGNORED), keys=[], prepared=[], left_out=0)

    return prefetch(make, [step for epoch in epochs for step in steps_of(data, epoch)], workers)


def steps_of(data: TrainingData, epoch: int) -> list[Step]:
    """Return the steps of an epoch: its clouds' numbers in random order, so many in each."""
    batching = data.config.batching
    order = np.random.default_rng([data.config.seed, epoch]).permutation(len(data.scenes) * batching.loop)
    size = batching.scenes_per_step
    return [(epoch, order[start : start + size]) for start in range(0, len(order), size)]


def make_batch(network: Backbone, data: TrainingData, epoch: int, numbers: np.ndarray) -> Batch:
    """Draw the numbered clouds of an epoch and join as many as `batch_voxels` and `batch_pairs` allow.

    Clouds are left out from the end; where the first alone has too many pairs, its crop is halved until it fits.
    """
    batching, seed = data.config.batching, data.config.seed
    clouds = [draw(data, epoch, number, batching.crop_voxels) for number in numbers]
    drawn = sum(len(cloud.coord) for cloud in clouds)
    while True:
        while sum(len(cloud.coord) for cloud in clouds) > batching.batch_voxels:
            clouds.pop()
        joined = join(clouds)
        geometry = network.geometry(joined.coord, offsets(clouds))
        if geometry.pairs <= batching.batch_pairs:
            keys = [[seed, epoch, int(number)] for number in numbers[: len(clouds)]]
            return Batch(
                feature=torch.from_numpy(joined.feature),
                geometry=geometry,
                target=torch.from_numpy(network.site_targets(geometry, joined.target)),
                coord=joined.coord,
                unknown=joined.unknown,
                offset=offsets(clouds),
                keys=keys,
                prepared=prepare_clouds(data.config.recipe.prepare, joined.coord, offsets(clouds), keys),
                left_out=drawn - len(joined.coord),
            )
        if len(clouds) > 1:
            clouds.pop()
        elif len(joined.coord) > 1:
            clouds = [draw(data, epoch, numbers[0], len(joined.coord) // 2)]
        else:
            raise UserError(f"batch_pairs is {batching.batch_pairs}, and one voxel has {geometry.pairs}; raise it")


def draw(data: TrainingData, epoch: int, number: int, crop_voxels: int) -> Cloud:
    """Draw one numbered cloud of an epoch, at most `crop_voxels` large; equal numbers draw the same."""
    scene = load_scene(data.scenes[number % len(data.scenes)], data.protocol.classes)
    return training_cloud(scene, data, crop_voxels, np.random.default_rng([data.config.seed, epoch, number]))
