"""A training step of the default experiment's network beside that of an earlier checkout, on one thread of the CPU.

    git worktree add ../before 0c95ce7
    python benchmarks/step_since.py ../before [--voxels 4000 40000] [--rounds 5]

Each side steps in processes of its own, in turns, on the same clouds in random order: the earlier code with its own
config, this code with that config, and this code with its own. Prints a Markdown table of CPU seconds, medians of the
rounds.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import yaml

ROOT = Path(__file__).resolve().parents[1]
BACKBONE, CLASSES, CHANNELS, GRID = "stratified_small", 13, 6, 0.1
STEPS = 4  # after one to warm up
PARTS = ("geometry", "forward", "backward", "optimizer")


def measure(checkout: str, config: str, cloud: str) -> dict[str, float]:
    """Return the CPU seconds of each part of a step, with one checkout's code and one's config: medians of STEPS."""
    sys.path.insert(0, str(Path(checkout) / "workflow_scripts"))
    import torch

    from openworld3d.backbones.stratified_transformer import build

    torch.set_num_threads(1)
    torch.manual_seed(0)
    backbones = yaml.safe_load((Path(config) / "config.yaml").read_text())["backbones"]
    network = build(backbones[BACKBONE], CHANNELS, CLASSES)
    optimizer = torch.optim.AdamW(network.parameters())
    coord = np.load(cloud)
    feature, target = torch.rand(len(coord), CHANNELS), torch.randint(0, CLASSES, (len(coord),))
    steps = []
    for _ in range(1 + STEPS):
        optimizer.zero_grad()
        times = [time.thread_time()]
        geometry = network.geometry(coord, np.array([len(coord)]))
        times.append(time.thread_time())
        loss = torch.nn.functional.cross_entropy(network(feature, geometry), target)
        times.append(time.thread_time())
        loss.backward()
        times.append(time.thread_time())
        optimizer.step()
        times.append(time.thread_time())
        steps.append(np.diff(times))
    return dict(zip(PARTS, np.median(steps[1:], axis=0).tolist()))


def compare(before: str, voxels: int, rounds: int) -> list[str]:
    """Let the sides take turns on one cloud, and return their rows of the table."""
    from benchmarks.attention import rooms
    from benchmarks.own_process import in_own_process, medians

    sides = {"before": (before, before), "now, same config": (str(ROOT), before), "now": (str(ROOT), str(ROOT))}
    with tempfile.TemporaryDirectory() as folder:
        cloud = str(Path(folder) / "cloud.npy")
        np.save(cloud, rooms(voxels, GRID)[np.random.default_rng(0).permutation(voxels)])

        def measured(side: str) -> dict[str, float]:
            code, config = sides[side]
            return in_own_process(__file__, code, "--one", config, cloud)

        found = medians(sides, rounds, measured)
    total = {side: sum(seconds.values()) for side, seconds in found.items()}
    return [
        f"| {voxels:,} | {side} | {' | '.join(f'{seconds[part]:.3f}' for part in PARTS)} | {total[side]:.3f} | "
        f"{total['before'] / total[side]:.2f} |"
        for side, seconds in found.items()
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("before", help="the earlier checkout")
    parser.add_argument("--voxels", type=int, nargs="+", default=[4000, 40000])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--one", nargs=2, metavar=("CONFIG", "CLOUD"), help="print one measurement as JSON instead")
    args = parser.parse_args()
    if args.one:
        print(json.dumps(measure(args.before, *args.one)))
        return
    sys.path[:0] = [str(ROOT), str(ROOT / "workflow_scripts")]
    print(f"| voxels | step | {' | '.join(PARTS)} | all s | times as fast |\n|---:|---|{'---:|' * 6}")
    for voxels in args.voxels:
        print("\n".join(compare(args.before, voxels, args.rounds)), flush=True)


if __name__ == "__main__":
    main()
