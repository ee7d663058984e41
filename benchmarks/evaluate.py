"""Time and memory of `openworld3d evaluate`, beside scikit-learn on the same scans, on the CPU.

    python benchmarks/evaluate.py [--scans 50 200] [--points 130000]

Scans are in STU's layout, a score for each point in float64; 1 in 500 points is an anomaly, in clumps of 65.
scikit-learn gets the scores of all points that count in one array, and computes average precision, AUROC and the ROC
curve that FPR95 is read from. The command computes these of the same points, their intervals over 1,000 draws of
scans, and the instances that STU's devkit counts. Each measurement is a process of its own. Prints a Markdown table.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Callable, NamedTuple

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "workflow_scripts")]

import numpy as np

from benchmarks.own_process import in_own_process, peak

HEADER = "| scans | points | way | seconds | peak MB |\n|---:|---:|---|---:|---:|"
ANOMALY, CLUMP = 2, 65
NEAREST, FARTHEST = 2.5, 50.0


def write_scans(folder: Path, scans: int, points: int) -> None:
    """Write scans, labels and scores."""
    for kind in ("labels/125/velodyne", "labels/125/labels", "scores/125"):
        (folder / kind).mkdir(parents=True)
    for number in range(scans):
        generator = np.random.default_rng(number)
        angle, distance = generator.uniform(0, 2 * np.pi, points), 2 + 60 * generator.beta(1, 5, points)
        coord = np.c_[distance * np.cos(angle), distance * np.sin(angle), generator.uniform(-2, 1, points)]
        ids = np.ones(points, "<u4")
        for instance in range(points // 500 // CLUMP):
            clump = slice(instance * CLUMP, (instance + 1) * CLUMP)
            coord[clump] = coord[clump][0] + generator.normal(0, 0.2, (CLUMP, 3))
            ids[clump] = instance + 1 << 16 | ANOMALY
        score = 1 / (1 + np.exp(-generator.normal(-4, 1.2, points) - 3 * (ids != 1)))
        name = f"{number:06d}"
        np.c_[coord, np.full(points, 0.3)].astype("<f4").tofile(folder / f"labels/125/velodyne/{name}.bin")
        ids.tofile(folder / f"labels/125/labels/{name}.label")
        np.save(folder / f"scores/125/{name}.npy", score)


def with_command(folder: Path) -> list[float]:
    """Return average precision, AUROC and FPR95 as the command computes them."""
    from openworld3d.commands.evaluate import evaluate

    lines = evaluate("stu_val", folder / "labels", folder / "scores").split("| metric |")[1].splitlines()
    values = dict(line.strip("| ").split(" | ")[:2] for line in lines[2:])
    return [float(values[name]) for name in ("aupr", "auroc", "fpr95_strict")]


def with_scikit_learn(folder: Path) -> list[float]:
    """Return the same of all points in one array."""
    from sklearn import metrics

    scores, unknown = [], []
    for file in sorted(folder.glob("labels/125/velodyne/*.bin")):
        distance = np.linalg.norm(np.fromfile(file, "<f4").reshape(-1, 4)[:, :3], axis=1)
        counts = (distance >= NEAREST) & (distance <= FARTHEST)
        ids = np.fromfile(folder / f"labels/125/labels/{file.stem}.label", "<u4") & 0xFFFF
        scores.append(np.load(folder / f"scores/125/{file.stem}.npy")[counts])
        unknown.append(ids[counts] == ANOMALY)
    score, is_unknown = np.concatenate(scores), np.concatenate(unknown)
    false, true, _ = metrics.roc_curve(is_unknown, score)
    return [
        float(metrics.average_precision_score(is_unknown, score)),
        float(metrics.roc_auc_score(is_unknown, score)),
        float(false[np.argmax(true > 0.95)]),
    ]


WAYS: dict[str, Callable[[Path], list[float]]] = {"scikit-learn": with_scikit_learn, "openworld3d": with_command}


class Measured(NamedTuple):
    """Seconds, peak memory in GB, and the values of one way."""

    seconds: float
    peak: float
    values: list[float]


def measure(way: str, folder: Path) -> Measured:
    """Measure one way in this process."""
    began = time.perf_counter()
    values = WAYS[way](folder)
    seconds = time.perf_counter() - began
    return Measured(seconds, peak(), values)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scans", type=int, nargs="+", default=[50, 200])
    parser.add_argument("--points", type=int, default=130_000)
    parser.add_argument("--one", choices=WAYS)
    parser.add_argument("--folder", type=Path)
    arguments = parser.parse_args()
    if arguments.one:
        print(json.dumps(measure(arguments.one, arguments.folder)))
        return
    print(HEADER)
    for scans in arguments.scans:
        with tempfile.TemporaryDirectory() as folder:
            write_scans(Path(folder), scans, arguments.points)
            found = {
                way: Measured(*in_own_process(__file__, "--one", way, "--folder", folder, OMP_NUM_THREADS="1"))
                for way in WAYS
            }
        for way, measured in found.items():
            points = f"{scans * arguments.points:,}"
            print(f"| {scans} | {points} | {way} | {measured.seconds:.1f} | {1000 * measured.peak:.0f} |", flush=True)
        ours, theirs = (np.array(found[way].values) for way in reversed(WAYS))
        print(f"largest difference of a value: {np.abs(ours - theirs).max():.1e}", file=sys.stderr)


if __name__ == "__main__":
    main()
