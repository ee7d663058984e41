"""How many batches a second the workers of a training sustain, on the CPU.

    python benchmarks/batches.py [--recipe closed_set_s3dis] [--voxels 40000] [--clouds 1] [--batches 16] [--rounds 3]
        [--workers 0 1 2 4]

S3DIS's network and recipe: each batch is `--clouds` generated rooms, loaded, augmented, cropped to `--voxels`, and
their geometry; with `--recipe pdf_s3dis` also the neighbours among which PDF marks. Nothing trains beside them: this
is what a GPU could be fed at most. 0 workers is the thread that prepares a batch while another trains on the CPU. The
numbers of workers take turns; medians. "Own" is the CPU time of the process that trains, which its steps have to
share, "all" includes the workers. Prints a Markdown table below the CPU's name; fails if the batches differ.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "workflow_scripts")]

import numpy as np
import torch
import yaml

from benchmarks.attention import S3DIS, rooms
from job import processor
from openworld3d.backbones.stratified_transformer import build
from openworld3d.networks.backbone import Backbone
from openworld3d.protocols.protocol import make_protocol
from openworld3d.scenes.scene import Scene, save_scene
from openworld3d.training.augmentation import TrainingData
from openworld3d.training.config import read_training_config
from openworld3d.training.data import epoch_batches

CLASSES = [f"class{number}" for number in range(13)]
RECIPES = yaml.safe_load((ROOT / "experiments/pdf_s3dis.yaml").read_text())["recipes"]
CLOSED_SET = "closed_set_s3dis"  # which the others extend
SCENES = 4


class Sustained(NamedTuple):
    """Seconds per batch: of the clock, and of the CPU, this process's and all; and a sum over all batches."""

    clock: float
    own: float
    all: float
    digest: float


def write_room(path: Path, voxels: int, seed: int) -> None:
    """Write rooms of a third more voxels than a crop has, with about two points in each."""
    coord = rooms(3 * voxels, S3DIS["grid_size"] / 1.5)
    generator = np.random.default_rng(seed)
    color = generator.integers(0, 256, (len(coord), 3), np.uint8)
    label = generator.integers(0, len(CLASSES), len(coord), np.uint8)
    save_scene(path, Scene(coord, label, np.full(len(coord), -1, np.int32), color=color))


def training_data(folder: Path, recipe: str, voxels: int, clouds: int, batches: int) -> TrainingData:
    """Return a training whose epoch has so many batches."""
    paths = [folder / f"room{number}.npz" for number in range(SCENES)]
    for number, path in enumerate(paths):
        write_room(path, voxels, number)
    size = {"scenes_per_step": clouds, "crop_voxels": voxels, "batch_voxels": clouds * voxels}
    keys = {**RECIPES[CLOSED_SET], **RECIPES[recipe], **size, "loop": -(-batches * clouds // SCENES)}
    config = {"unknown": [], "unknown_points": "ignore", "backbone": S3DIS, "recipe": keys, "seed": 0}
    protocol = make_protocol(CLASSES, [])
    return TrainingData(paths, protocol, np.ones(len(CLASSES), np.float32), read_training_config(config))


def sustain(network: Backbone, data: TrainingData, workers: int) -> Sustained:
    """Make an epoch of batches with so many workers, and do nothing with them."""
    began, before = time.perf_counter(), os.times()
    count, digest = 0, 0.0
    for batch in epoch_batches(network, data, 0, workers=workers):
        count += 1
        digest += float(batch.feature.double().sum()) + batch.geometry.pairs
    seconds, spent = time.perf_counter() - began, np.subtract(os.times(), before)  # user, system, children's
    return Sustained(seconds / count, spent[:2].sum() / count, spent[:4].sum() / count, digest)


def measure(network: Backbone, data: TrainingData, workers: list[int], rounds: int) -> dict[int, list[Sustained]]:
    """Measure each number of workers in turns; raises SystemExit where their batches differ."""
    found: dict[int, list[Sustained]] = {number: [] for number in workers}
    for _ in range(rounds):
        for number in workers:
            found[number].append(sustain(network, data, number))
    if len({each.digest for measured in found.values() for each in measured}) > 1:
        raise SystemExit("the batches differ")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipe", choices=RECIPES, default=CLOSED_SET)
    parser.add_argument("--voxels", type=int, default=40_000)
    parser.add_argument("--clouds", type=int, default=1)
    parser.add_argument("--batches", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, nargs="+", default=[0, 1, 2, 4])
    args: Any = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        data = training_data(Path(folder), args.recipe, args.voxels, args.clouds, args.batches)
        found = measure(build(S3DIS, 6, len(CLASSES)), data, args.workers, args.rounds)
    print(f"{processor()}, {len(os.sched_getaffinity(0))} cores\n")
    print("| recipe | voxels | workers | batches a second | own CPU s | all CPU s |\n|---|---:|---:|---:|---:|---:|")
    for number, measured in found.items():
        clock, own, every = (median(column) for column in list(zip(*measured))[:3])
        cells = (
            f"{args.recipe} | {args.clouds * args.voxels:,} | {number} | {1 / clock:.2f} | {own:.3f} | {every:.2f}"
        )
        print(f"| {cells} |")


if __name__ == "__main__":
    main()
