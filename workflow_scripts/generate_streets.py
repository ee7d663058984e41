"""Generate streets scanned by a spinning LiDAR in the raw layout of SemanticKITTI."""

from __future__ import annotations

from pathlib import Path

from openworld3d.errors import run_command
from openworld3d.files import whole_folder
from openworld3d.generators.config import StreetsConfig, read_arguments
from openworld3d.generators.streets.drive import times
from openworld3d.generators.streets.generation import generate_scans, generate_street
from openworld3d.generators.streets.kitti_layout import write_scan, write_trajectory
from openworld3d.processes import in_parallel


def generate_sequence(task: tuple[Path, int, int, int]) -> None:
    """Generate and write one sequence of a task: its folder, the seed, its number, how many scans."""
    folder, seed, sequence, scans = task
    street = generate_street(seed, sequence, scans)
    for number, scan in enumerate(generate_scans(street, seed, sequence)):
        write_scan(folder, number, scan)
    write_trajectory(folder, street.poses, times(scans))


def generate(config: StreetsConfig, folder: Path, workers: int) -> None:
    """Write the sequences into `folder`, which appears whole or not at all."""
    with whole_folder(folder) as temporary:
        tasks = [
            (temporary / "sequences" / f"{sequence:02d}", config.seed, sequence, config.scans)
            for sequence in range(config.sequences)
        ]
        in_parallel(generate_sequence, tasks, workers)


def main() -> None:
    config, folder, workers = read_arguments(__doc__, StreetsConfig)
    generate(config, folder, workers)
    print(f"{config.sequences} sequences of {config.scans} scans")


if __name__ == "__main__":
    run_command(main)
