"""Quality and time of PDF's pseudo labels on generated rooms whose sofa is held out, on the CPU.

    python benchmarks/pseudo_labels.py [--voxel 0.05] [--seeds 0 1 2] [--points 80000] [--fine 0.03] [--rounds 5]

Quality: precision and recall of the marked points against the held-out ones, in voxels of so many metres. The logits
are made up (`benchmarks/unsure_room.py`), so this compares settings and readings and says nothing of a trained
network's. Time: a crop of so many points of the first room, in finer voxels; medians. Prints two Markdown tables.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any, Callable

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "workflow_scripts")]

import numpy as np

from benchmarks.unsure_room import Room, settings, unsure_room
from openworld3d.networks.confidence import max_probability
from openworld3d.networks.layers.geometry import ball_neighbors
from openworld3d.pseudo_labels.boundary import CUTS, large_parts
from openworld3d.pseudo_labels.growing import Growing, draw_seeds, grow, stopping_confidence
from openworld3d.pseudo_labels.marking import count_found, precision_and_recall
from openworld3d.pseudo_labels.region import BOUNDARIES, region_mask
from openworld3d.scenes.voxels import nearest_to


def quality_row(name: str, seed: int, room: Room, options: Growing) -> str:
    """Return precision and recall of each boundary in one room."""
    cells = []
    for boundary in BOUNDARIES:
        mask = region_mask(room.coord, room.logits, options, boundary, np.random.default_rng(seed))
        precision, recall = precision_and_recall(count_found(mask, room.held_out))
        cells.append(f"{precision:.2f} | {recall:.2f}")
    return f"| {name} | {seed} | {len(room.coord):,} | {room.held_out.mean():.1%} | {' | '.join(cells)} |"


def cut_out(room: Room, points: int) -> Room:
    """Return the points nearest to a held-out one, so many, shuffled as `region_mask` shuffles them."""
    kept = nearest_to(room.coord, int(room.held_out.argmax()), points)
    return Room(*(part[np.random.default_rng(0).permutation(kept)] for part in room))


def time_row(name: str, room: Room, options: Growing, rounds: int) -> str:
    """Return the median seconds of each step, and the size of the region."""
    generator = np.random.default_rng(0)
    probability = max_probability(room.logits)
    neighbor = ball_neighbors(room.coord, np.array([len(room.coord)]), options.radius, options.neighbors)
    seeds = np.unique(draw_seeds(room.logits, options, generator))
    stop_at = stopping_confidence(probability, options.beta)
    grown = room.coord, probability, neighbor
    region = grow(*grown, seeds, stop_at)
    seconds = [
        time_of(ball_neighbors, rounds, room.coord, np.array([len(room.coord)]), options.radius, options.neighbors),
        time_of(grow, rounds, *grown, seeds, stop_at),
        *(time_of(large_parts, rounds, region, *grown, reading) for reading in CUTS),
        *(time_of(region_mask, rounds, room.coord, room.logits, options, way, generator) for way in CUTS),
    ]
    cells = " | ".join(f"{taken:.2f}" for taken in seconds)
    return f"| {name} | {len(room.coord):,} | {len(region):,} | {cells} |"


def time_of(call: Callable[..., Any], rounds: int, *arguments: Any) -> float:
    """Return the median seconds of a call."""
    taken = []
    for _ in range(rounds):
        began = time.perf_counter()
        call(*arguments)
        taken.append(time.perf_counter() - began)
    return median(taken)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--voxel", type=float, default=0.05)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--points", type=int, default=80_000)
    parser.add_argument("--fine", type=float, default=0.03)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    heads = " | ".join(f"{boundary}: precision | recall" for boundary in BOUNDARIES)
    print(f"| setting | seed | points | held out | {heads} |\n|---|{'---:|' * (3 + 2 * len(BOUNDARIES))}")
    for seed in args.seeds:
        room = unsure_room(seed, args.voxel)
        for name, options in settings(args.voxel).items():
            print(quality_row(name, seed, room, options), flush=True)
    heads = " | ".join(
        ["neighbours s", "growing s", *(f"{cut} s" for cut in CUTS), *(f"all, {cut} s" for cut in CUTS)]
    )
    print(f"\n| setting | points | grown | {heads} |\n|---|{'---:|' * (4 + 2 * len(CUTS))}")
    crop = cut_out(unsure_room(args.seeds[0], args.fine), args.points)
    for name, options in settings(args.fine).items():
        print(time_row(name, crop, options, args.rounds), flush=True)


if __name__ == "__main__":
    main()
