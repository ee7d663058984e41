"""Where one training step of Stratified Transformer goes, on the CPU.

    python benchmarks/profile_step.py [--config experiments/rooms_s3dis_scale.yaml] [--backbone stratified_s3dis]
        [--voxels 40000] [--steps 1] [--threads 2]

The points are those of benchmarks/attention.py in voxels of the backbone's size. A step's seconds are the mean over
`--steps` steps after one to warm up. Prints a Markdown table. The default experiment's step:

    python benchmarks/profile_step.py --config config.yaml --backbone stratified_small --voxels 4000 --steps 20
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any, Callable

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "workflow_scripts")]

import numpy as np
import torch
import yaml
from torch import nn

from benchmarks.attention import CLASSES, rooms
from openworld3d.backbones import stratified_transformer as backbone
from openworld3d.networks.layers.stratified_attention import WindowAttention
from openworld3d.networks.layers.transformer_block import Mlp
from openworld3d.networks.layers.transition_down import TransitionDown
from openworld3d.networks.layers.upsample import Upsample

GEOMETRY = {
    "ball_neighbors": "neighbours of the stem",
    "sample_clouds": "samples",
    "nearest": "neighbours of transitions and decoder",
    "stratified_pairs": "pairs",
    "table_rows": "table rows",
    "make_pairs": "order by key",
}
LAYERS: dict[type[nn.Module], str] = {
    backbone.KPConvSimpleBlock: "stem",
    backbone.KPConvResBlock: "stem",
    WindowAttention: "attention",
    Mlp: "mlp",
    TransitionDown: "transitions",
    Upsample: "decoder",
}
REST = "rest: norms, residuals, classifier"
REST_BACKWARD = (
    "rest, the stem among it"  # the features need no gradient, so that nothing tells when the stem is done
)


class Clock:
    """Seconds by (phase, part)."""

    def __init__(self) -> None:
        self.seconds: dict[tuple[str, str], float] = defaultdict(float)
        self.began: dict[tuple[str, str], float] = {}

    def start(self, phase: str, part: str) -> None:
        self.began[phase, part] = time.perf_counter()

    def stop(self, phase: str, part: str) -> None:
        self.seconds[phase, part] += time.perf_counter() - self.began[phase, part]

    def timed(self, phase: str, part: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function with its calls timed."""

        def call(*arguments: Any) -> Any:
            self.start(phase, part)
            result = function(*arguments)
            self.stop(phase, part)
            return result

        return call

    def rest(self, phase: str, part: str) -> None:
        """Leave of the phase's part what its other parts do not explain."""
        others = sum(seconds for (of, name), seconds in self.seconds.items() if of == phase and name != part)
        self.seconds[phase, part] -= others


def watch(network: nn.Module, clock: Clock) -> None:
    """Time the layers of a network, forward and backward."""
    for module in network.modules():
        part = LAYERS.get(type(module))
        if part is None:
            continue
        module.register_forward_pre_hook(lambda *_, part=part: clock.start("forward", part))
        module.register_forward_hook(lambda *_, part=part: clock.stop("forward", part))
        if part != "stem":
            module.register_full_backward_pre_hook(lambda *_, part=part: clock.start("backward", part))
            module.register_full_backward_hook(lambda *_, part=part: clock.stop("backward", part))


def profile(config: dict[str, Any], voxels: int, steps: int, threads: int) -> dict[tuple[str, str], float]:
    """Return the mean seconds of a step by (phase, part)."""
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    clock = Clock()
    for name, part in GEOMETRY.items():
        setattr(backbone, name, clock.timed("geometry", part, getattr(backbone, name)))
    network = backbone.build(config, 6, CLASSES)
    watch(network, clock)
    optimizer = torch.optim.AdamW(network.parameters())
    coord = rooms(voxels, config["grid_size"])
    feature, target = torch.rand(voxels, 6), torch.randint(0, CLASSES, (voxels,))
    for step in range(1 + steps):
        if step == 1:
            clock.seconds.clear()
        optimizer.zero_grad()
        geometry = clock.timed("geometry", "rest", network.geometry)(coord, np.array([voxels]))
        logits = clock.timed("forward", REST, network)(feature, geometry)
        loss = clock.timed("loss", "cross-entropy", nn.functional.cross_entropy)(logits, target)
        clock.timed("backward", REST_BACKWARD, loss.backward)()
        clock.timed("optimizer", "AdamW", optimizer.step)()
    clock.rest("geometry", "rest")
    clock.rest("forward", REST)
    clock.rest("backward", REST_BACKWARD)
    return {part: seconds / steps for part, seconds in clock.seconds.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", type=Path, default=ROOT / "experiments/rooms_s3dis_scale.yaml")
    parser.add_argument("--backbone", default="stratified_s3dis")
    parser.add_argument("--voxels", type=int, default=40000)
    parser.add_argument("--steps", type=int, default=1)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    config = yaml.safe_load(args.config.read_text())["backbones"][args.backbone]
    seconds = profile(config, args.voxels, args.steps, args.threads)
    total = sum(seconds.values())
    print("| phase | part | seconds | share |\n|---|---|---:|---:|")
    for phase in ("geometry", "forward", "loss", "backward", "optimizer"):
        for (of, part), spent in sorted(seconds.items(), key=lambda item: -item[1]):
            if of == phase:
                print(f"| {phase} | {part} | {spent:.4f} | {spent / total:.1%} |")
    print(f"| all | | {total:.4f} | |")


if __name__ == "__main__":
    main()
