"""Generate scanned furnished rooms in the raw layout of ScanNet v2."""

from __future__ import annotations

import argparse
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from openworld3d.errors import run_command
from openworld3d.files import whole_folder
from openworld3d.generators.config import read_config
from openworld3d.generators.rooms.generation import generate_room
from openworld3d.generators.rooms.scannet_layout import write_scene

SPLITS = ("train", "val")
# Scene numbers of the splits lie apart, so that a split can grow without renaming the other's scenes.
SCENES_PER_SPLIT = 5000
LIMITS = {
    "train": (0, SCENES_PER_SPLIT),
    "val": (0, SCENES_PER_SPLIT),
    "seed": (0, 2**32 - 1),
    "spacing": (0.01, 0.1),
}


def scene_name(split: int, index: int) -> str:
    """Return the name of scene `index` of a split."""
    return f"scene{split * SCENES_PER_SPLIT + index:04d}_00"


def generate_scene(task: tuple[Path, int, float, int, int]) -> None:
    """Generate one scene and write it; the task is the scans' folder, seed, spacing, split, index."""
    scans, seed, spacing, split, index = task
    write_scene(scans, scene_name(split, index), generate_room(seed, split, index, spacing))


def generate(config: dict[str, float], folder: Path, workers: int) -> None:
    """Write the scenes and the split lists into `folder`, which appears whole."""
    seed, spacing = int(config["seed"]), config["spacing"]
    with whole_folder(folder) as temporary:
        tasks = []
        for number, split in enumerate(SPLITS):
            indices = range(int(config[split]))
            tasks += [(temporary / "scans", seed, spacing, number, index) for index in indices]
            names = [f"{scene_name(number, index)}\n" for index in indices]
            (temporary / f"scannetv2_{split}.txt").write_text("".join(names))
        with ProcessPoolExecutor(workers) as pool:
            list(pool.map(generate_scene, tasks))


def main() -> None:
    """Read the command line and generate."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", required=True, help="train, val (scenes), seed, spacing (metres), as JSON")
    parser.add_argument("--out", required=True, type=Path, help="the folder to write")
    parser.add_argument("--workers", type=int, default=1, help="processes that generate scenes")
    arguments = parser.parse_args()
    config = read_config(arguments.config, LIMITS)
    generate(config, arguments.out, arguments.workers)
    print(f"{config['train']} training and {config['val']} validation scenes")


if __name__ == "__main__":
    run_command(main)
