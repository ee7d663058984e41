"""Generate scanned furnished rooms in the raw layout of ScanNet v2."""

from __future__ import annotations

from pathlib import Path

from openworld3d.errors import run_command
from openworld3d.files import whole_folder
from openworld3d.generators.config import RoomsConfig, read_arguments
from openworld3d.generators.rooms.generation import generate_room
from openworld3d.generators.rooms.scannet_layout import write_scene
from openworld3d.processes import in_parallel

# Scene numbers of the splits lie as far apart as a split may be large: one grows without renaming the other's scenes.
SCENES_PER_SPLIT = 5000


def scene_name(split: int, index: int) -> str:
    """Return the name of scene `index` of a split."""
    return f"scene{split * SCENES_PER_SPLIT + index:04d}_00"


def generate_scene(task: tuple[Path, int, float, int, int]) -> None:
    """Generate and write one scene of a task: the scans' folder, seed, spacing, split, index."""
    scans, seed, spacing, split, index = task
    write_scene(scans, scene_name(split, index), generate_room(seed, split, index, spacing))


def generate(config: RoomsConfig, folder: Path, workers: int) -> None:
    """Write the scenes and the split lists into `folder`, which appears whole or not at all."""
    with whole_folder(folder) as temporary:
        tasks = []
        for number, (split, count) in enumerate((("train", config.train), ("val", config.val))):
            tasks += [(temporary / "scans", config.seed, config.spacing, number, index) for index in range(count)]
            names = [f"{scene_name(number, index)}\n" for index in range(count)]
            (temporary / f"scannetv2_{split}.txt").write_text("".join(names), encoding="utf-8")
        in_parallel(generate_scene, tasks, workers)


def main() -> None:
    config, folder, workers = read_arguments(__doc__, RoomsConfig)
    generate(config, folder, workers)
    print(f"{config.train} training and {config.val} validation scenes")


if __name__ == "__main__":
    run_command(main)
