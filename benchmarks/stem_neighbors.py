"""What the stem sees of neighbourhoods with more than 34 points, in the order of the voxels and in random order.

    python benchmarks/stem_neighbors.py [--rooms 3] [--noise 0.0 0.01] [--scans FILE ...] [--scan-voxels 0.1]

Generated rooms, scanned every centimetre, with noise on top of the simulated scanner's, in voxels of 2 and 4 cm; and
scans of your own, KITTI's `.bin` or a `.las`, `.laz`, `.ply` or `.npz`. Of the points within 2.5 voxels the network
keeps the first 34 by index. Prints a Markdown table: the share of points with more, and the mean offset from such a
point to the neighbours that are kept, in voxels along x, y and z.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "workflow_scripts")]

import numpy as np

from openworld3d.backbones.stratified_transformer import STEM_NEIGHBORS, STEM_RADIUS
from openworld3d.generators.rooms.generation import generate_room
from openworld3d.networks.layers.geometry import ball_neighbors
from openworld3d.raw.point_files import read_cloud_file
from openworld3d.scenes.voxels import pick_points, voxelise

SPACING = 0.01  # metres
VOXELS = (0.02, 0.04)  # of Stratified Transformer on ScanNet and on S3DIS
HEADER = "| cloud | voxel m | voxels | more than 34 | in the order of the voxels | in random order |"


def read_scan(file: Path) -> np.ndarray:
    """Return the coordinates of a scan from its lowest corner: (N, 3) float32."""
    if file.suffix == ".bin":
        coord = np.fromfile(file, "<f4").reshape(-1, 4)[:, :3]
    else:
        coord = read_cloud_file(file, ["coord"])["coord"]
    return (coord - coord.min(0)).astype(np.float32)


def kept(coord: np.ndarray, voxel: float) -> tuple[float, np.ndarray]:
    """Return the share of points with more neighbours than are kept, and their mean offset to those kept, (3,)."""
    neighbor = ball_neighbors(coord, np.array([len(coord)]), STEM_RADIUS * voxel, STEM_NEIGHBORS + 1)
    assert neighbor.shape[1] > STEM_NEIGHBORS, "no point has more neighbours than are kept"
    full = neighbor[:, -1] < len(coord)
    offset = coord[neighbor[full, :-1]] - coord[full, None]
    return float(full.mean()), offset.mean((0, 1), dtype=np.float64) / voxel


def row(name: str, clouds: list[np.ndarray], voxel: float) -> str:
    """Return a line of the table, the mean over clouds (N, 3)."""
    generator = np.random.default_rng(0)
    picked = [coord[pick_points(voxelise(coord, voxel), generator)] for coord in clouds]
    in_order = [kept(coord, voxel) for coord in picked]
    at_random = [kept(generator.permutation(coord), voxel) for coord in picked]
    size = sum(map(len, picked)) // len(picked)
    full = np.mean([share for share, _ in in_order])
    offsets = [shown(np.mean([offset for _, offset in found], 0)) for found in (in_order, at_random)]
    return f"| {name} | {voxel:g} | {size:,} | {full:.0%} | {offsets[0]} | {offsets[1]} |"


def shown(offset: np.ndarray) -> str:
    """Return an offset (3,) as text."""
    return ", ".join(f"{value:.2f}".replace("-0.00", "0.00") for value in offset)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rooms", type=int, default=3)
    parser.add_argument("--noise", type=float, nargs="*", default=[0.0, 0.01], help="standard deviation in metres")
    parser.add_argument("--scans", type=Path, nargs="*", default=[], help="files; one line for all of them")
    parser.add_argument("--scan-voxels", type=float, nargs="+", default=[0.1], help="metres")
    args = parser.parse_args()
    print(HEADER + "\n|---|---:|---:|---:|---|---|", flush=True)
    rooms = [np.asarray(generate_room(0, 0, number, SPACING).coord, np.float32) for number in range(args.rooms)]
    generator = np.random.default_rng(0)
    for noise in args.noise:
        noisy = [room + generator.normal(0, noise, room.shape).astype(np.float32) for room in rooms]
        for voxel in VOXELS:
            print(row(f"rooms, {100 * noise:g} cm of noise", noisy, voxel), flush=True)
    scans = [read_scan(file) for file in args.scans]
    for voxel in args.scan_voxels if scans else ():
        print(row(f"{len(scans)} scans", scans, voxel), flush=True)


if __name__ == "__main__":
    main()
