"""Import the training sample that other software saved, and the last layer, as those of a run."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from openworld3d.arrays import write_arrays
from openworld3d.errors import run_command
from openworld3d.saved_outputs.folder import columns_of, open_saved
from openworld3d.saved_outputs.sample import read_sample


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, fromfile_prefix_chars="@")
    parser.add_argument("--config", type=json.loads, required=True, help="JSON: classes, and which are unknown")
    parser.add_argument("--saved", type=Path, required=True, help="the folder of saved outputs")
    parser.add_argument("--out", type=Path, required=True, help="a training sample, .npz")
    arguments = parser.parse_args()
    saved = open_saved(arguments.saved)
    columns = columns_of(saved, arguments.config["classes"], arguments.config["unknown"])
    write_arrays(arguments.out, read_sample(saved, columns))


if __name__ == "__main__":
    run_command(main)
