"""Generate streets with anomalies, scanned by a spinning LiDAR, in the raw layout of STU."""

from __future__ import annotations

from pathlib import Path

from openworld3d.errors import run_command
from openworld3d.files import whole_folder
from openworld3d.generators.config import StreetAnomaliesConfig, read_arguments
from openworld3d.generators.streets.drive import times
from openworld3d.generators.streets.generation import generate_scans
from openworld3d.generators.streets.insertion import generate_street_with_anomalies
from openworld3d.generators.streets.kitti_layout import write_scan, write_trajectory
from openworld3d.generators.streets.stu_layout import FIRST_SEQUENCE, as_stu
from openworld3d.processes import in_parallel


def generate_sequence(task: tuple[Path, StreetAnomaliesConfig, int]) -> None:
    """Generate and write one sequence of a task: the folder of all, what is generated, its number."""
    folder, config, sequence = task
    street = generate_street_with_anomalies(config.seed, sequence, config.scans, config.anomalies)
    for number, scan in enumerate(generate_scans(street, config.seed, sequence)):
        write_scan(folder / str(sequence), number, as_stu(scan))
    write_trajectory(folder / str(sequence), street.poses, times(config.scans))


def generate(config: StreetAnomaliesConfig, folder: Path, workers: int) -> None:
    """Write the sequences into `folder`, which appears whole or not at all."""
    with whole_folder(folder) as temporary:
        tasks = [(temporary, config, FIRST_SEQUENCE + number) for number in range(config.sequences)]
        in_parallel(generate_sequence, tasks, workers)


def main() -> None:
    config, folder, workers = read_arguments(__doc__, StreetAnomaliesConfig)
    generate(config, folder, workers)
    print(f"{config.sequences} sequences of {config.scans} scans, {config.anomalies} anomalies in each sequence")


if __name__ == "__main__":
    run_command(main)
